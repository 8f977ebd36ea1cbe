//! Waits for deliveries, whatever became of the events: a test of the host decides what comes, and when.

use orbital_sdk::prelude::*;

/// A key that several runs use, one after another.
const KEY: &str = "cust-42";

#[case(manual)]
fn expects(t: &Test) -> Result {
    Ok(t.expect(KEY)?)
}

#[case(manual, timeout = "30s")]
fn expects_again(t: &Test) -> Result {
    let delivery = t.wait_for(KEY)?;
    check!(t, delivery.latency.is_none());
    Ok(())
}

/// Its first attempt ends with the key, and its second one waits for it.
#[case(manual, timeout = "30s", retries = 1)]
fn retries(t: &Test) -> Result {
    let attempt = t.context().attempt;
    t.request(Request::post("api").path("/attempts").json(&json!({ "attempt": attempt })))?.success()?;
    t.expect(KEY)?;
    if attempt == 1 {
        bail!("the first attempt");
    }
    t.wait_for(KEY)?;
    Ok(())
}

/// Leaves in its queue all that comes.
#[case(manual, timeout = "10m")]
fn holds(t: &Test) -> Result {
    t.expect(KEY)?;
    t.request(Request::post("api").path("/holds"))?.success()?;
    t.wait_for(&t.new_id())?;
    Ok(())
}

#[case(manual, timeout = "1s")]
fn one(t: &Test) -> Result {
    let id = t.new_id();
    let _ = t.send_event(Event::to("api").path("/events").key(&id).json(&json!({ "id": id })));
    t.wait_for(&id)?;
    Ok(())
}

#[case(manual, timeout = "1s")]
fn several(t: &Test) -> Result {
    let ids: Vec<String> = (0..3).map(|_| t.new_id()).collect();
    for id in &ids {
        let _ = t.send_event(Event::to("api").path("/events").key(id).json(&json!({ "id": id })));
    }
    t.wait_n(&ids, 3)?;
    Ok(())
}

#[case(manual, timeout = "1s")]
fn nothing_sent(t: &Test) -> Result {
    t.wait_for(&t.new_id())?;
    Ok(())
}

#[case(manual, timeout = "1s")]
fn sleeps(t: &Test) -> Result {
    let _ = t.send_event(Event::to("api").path("/events"));
    t.sleep(Duration::from_secs(60));
    Ok(())
}

/// Gives the test of the host some time to deliver before it answers the event.
#[case(manual, timeout = "5s")]
fn patient(t: &Test) -> Result {
    one(t)
}

#[case(manual, timeout = "5s")]
fn late_to_wait(t: &Test) -> Result {
    let id = t.new_id();
    let _ = t.send_event(Event::to("api").path("/events").key(&id).json(&json!({ "id": id })));
    t.sleep(Duration::from_secs(4));
    t.wait_for(&id)?;
    Ok(())
}

suite!(expects, expects_again, retries, holds, one, several, nothing_sent, sleeps, patient, late_to_wait);
