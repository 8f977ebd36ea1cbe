//! One event, three deliveries, in the order that the pipeline guarantees.

use orbital_sdk::prelude::*;

#[case(every = "1s", timeout = "5s")]
pub(crate) fn fan_out(t: &Test) -> Result {
    let id = t.new_id();
    let order = json!({ "id": id, "type": "order", "email": "ada@example.com" });
    t.send_event(Event::to("api").key(&id).json(&order))?;

    let deliveries = t.wait_n([&id], 3)?;
    let mut destinations = Vec::new();
    for delivery in &deliveries {
        let destination: String = delivery.pointer("/destination")?;
        check!(
            t,
            delivery.path.ends_with(&format!("/hooks/{destination}")),
            "{destination} got {}",
            delivery.path
        );
        destinations.push(destination);
    }
    if check_eq!(t, destinations, ["billing", "shipping", "analytics"]) {
        let spread = spread(&deliveries)?;
        t.histogram("fan_out_spread_seconds", spread.as_secs_f64(), &[])?;
    }
    Ok(())
}

/// The time between the first and the last delivery, as the webhook received them.
fn spread(deliveries: &[Delivery]) -> Result<Duration> {
    let times = deliveries.iter().map(|delivery| delivery.received_at);
    let (first, last) = times.clone().min().zip(times.max()).context("nothing was delivered")?;
    Ok(last.duration_since(first)?)
}
