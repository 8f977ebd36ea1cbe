//! Records a metric of the kind that its configuration says, and is in flight until its event is answered.

use orbital_sdk::prelude::*;

#[case(every = "30d", timeout = "50s")]
fn records(t: &Test) -> Result {
    match t.config("kind").as_deref() {
        Some("gauge") => t.gauge("held", 1.0, &[])?,
        _ => t.counter("held", 1.0, &[])?,
    }
    t.send_event(Event::to("api").path("/events").json(&json!({})))?.success()?;
    Ok(())
}

suite!(records);
