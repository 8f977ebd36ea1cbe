//! Sends an event and waits for its delivery, in several ways and with several timeouts.

use orbital_sdk::prelude::*;

/// Ends in its own timeout if nothing is delivered.
#[case(every = "300ms", timeout = "1s")]
fn awaits(t: &Test) -> Result {
    let id = send(t)?;
    t.wait_for(&id)?;
    Ok(())
}

/// Like `awaits`, and with very little time.
#[case(every = "300ms", timeout = "600ms")]
fn briefly(t: &Test) -> Result {
    awaits(t)
}

/// Has a timeout of its own for the wait.
#[case(every = "300ms", timeout = "20s")]
fn within(t: &Test) -> Result {
    let id = send(t)?;
    t.wait_for_within(&id, Duration::from_millis(600))?;
    Ok(())
}

fn send(t: &Test) -> Result<String> {
    let id = t.new_id();
    let event = json!({ "id": id, "webhook": t.context().webhook_url, "case": t.context().case });
    t.send_event(Event::to("api").path("/events").key(&id).json(&event))?.success()?;
    Ok(id)
}

suite!(awaits, briefly, within);
