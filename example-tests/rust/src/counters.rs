//! The pipeline counts the events that it accepts.

use orbital_sdk::prelude::*;

/// A type that no other case sends, so that only this test changes its counter.
const COUNTER: &str = r#"pipeline_events_accepted_total{type="invoice"}"#;

/// How long the counter may take to be updated.
const LAG: Duration = Duration::from_secs(2);

#[case(every = "1s", timeout = "5s")]
pub(crate) fn counters(t: &Test) -> Result {
    let before = counter(t)?;
    let id = t.new_id();
    let invoice = json!({ "id": id, "type": "invoice", "email": "ada@example.com" });
    t.send_event(Event::to("api").key(&id).json(&invoice))?;

    let delivery = t.wait_for(&id)?;
    check_eq!(t, delivery.pointer::<String>("/destination")?, "ledger");
    t.eventually(LAG, || {
        let after = counter(t)?;
        if after > before { Ok(()) } else { bail!("{COUNTER} is {after}, as before the event") }
    })
}

/// The counter's value; 0 before it appears.
fn counter(t: &Test) -> Result<f64> {
    let metrics = t.request(Request::get("pipeline").path("/metrics"))?.success()?;
    let text = metrics.text();
    match text.lines().find_map(|line| line.strip_prefix(COUNTER)) {
        Some(value) => Ok(value.trim().parse().context(COUNTER)?),
        None => Ok(0.0),
    }
}
