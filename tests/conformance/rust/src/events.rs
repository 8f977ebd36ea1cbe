//! Cases with events, requests and deliveries.

use std::collections::BTreeSet;

use orbital_sdk::prelude::*;

#[case(manual, timeout = "5s")]
pub(crate) fn smoke(t: &Test) -> Result {
    let id = t.new_id();
    t.send_event(Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com" })))?;
    let delivery = t.wait_for(&id)?;
    check_eq!(t, delivery.json::<Value>()?["processed"], true);
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn fan_out(t: &Test) -> Result {
    let id = t.new_id();
    let order = json!({ "id": id, "type": "order", "email": "ada@example.com" });
    t.send_event(Event::to("api").key(&id).json(&order))?;
    let deliveries = t.wait_n([&id], 3)?;
    let mut destinations = BTreeSet::new();
    for delivery in &deliveries {
        let destination: String = delivery.pointer("/destination")?;
        let path = &delivery.path;
        check!(t, path.ends_with(&format!("/hooks/{destination}")), "{destination} got {path}");
        destinations.insert(destination);
    }
    let expected = ["analytics", "billing", "shipping"].map(String::from);
    if check_eq!(t, destinations, BTreeSet::from(expected)) {
        let times = deliveries.iter().map(|delivery| delivery.received_at);
        let (first, last) = times.clone().min().zip(times.max()).context("nothing was delivered")?;
        t.histogram("fan_out_spread_seconds", last.duration_since(first)?.as_secs_f64(), &[])?;
    }
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn exactly_once(t: &Test) -> Result {
    let id = t.new_id();
    let event = Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com" }));
    let first = t.send_event(event.clone())?.success()?;
    check_eq!(t, first.pointer::<bool>("/duplicate")?, false);
    let second = t.send_event(event)?.success()?;
    check_eq!(t, second.pointer::<bool>("/duplicate")?, true);
    t.wait_for(&id)?;
    t.no_delivery_within(&id, Duration::from_millis(300))
}

#[case(manual, timeout = "5s")]
pub(crate) fn server_made_id(t: &Test) -> Result {
    let receipt = t.send_event(Event::to("api").json(&json!({ "email": "ada@example.com" })))?.success()?;
    let id: String = receipt.pointer("/id")?;
    let delivery = t.wait_for(&id)?;
    check_eq!(t, delivery.pointer::<String>("/email")?, "ada@example.com");
    Ok(())
}

#[case(manual, timeout = "10s")]
pub(crate) fn planned_replies(t: &Test) -> Result {
    let id = t.new_id();
    let hangs = Reply::status(200).delay(Duration::from_secs(3));
    t.expect_with(&id, [Reply::status(500), hangs, Reply::status(200)])?;
    t.send_event(Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com" })))?;
    let first = t.wait_for(&id)?;
    for failure in ["answered with 500", "left without an answer"] {
        let again = t
            .wait_for_within(&id, Duration::from_secs(2))
            .context(format!("a delivery that was {failure} is not tried again"))?;
        check_eq!(t, again.json::<Value>()?, first.json::<Value>()?);
    }
    t.no_delivery_within(&id, Duration::from_millis(500))
}

#[case(manual, timeout = "5s")]
pub(crate) fn big_body(t: &Test) -> Result {
    let receipt = t.send_event(Event::to("api").key(t.new_id()).body("x".repeat(3 << 20)))?;
    t.info(format!("answered {}", receipt.status));
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn unknown_target(t: &Test) -> Result {
    t.send_event(Event::to("nowhere"))?;
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn encodings(t: &Test) -> Result {
    for encoding in ["utf-8-mark", "utf-16-le", "utf-16-le-mark", "utf-16-be", "utf-16-be-mark"] {
        let answer = t.request(Request::get("encodings").path(format!("/{encoding}")))?;
        check_eq!(t, answer.pointer::<String>("/name")?, "Zoë 🎉");
    }
    Ok(())
}
