//! A delivery that fails is tried again, until it is taken.

use orbital_sdk::prelude::*;

/// Longer than the pipeline waits for an answer (`--attempt-timeout`).
const HANG: Duration = Duration::from_secs(3);

/// How late a further attempt may be: the pipeline has to give up the last one, and to pause.
const LAG: Duration = Duration::from_secs(2);

/// How long an attempt too many may take to give itself away.
const WATCH: Duration = Duration::from_millis(500);

#[case(every = "5s", timeout = "10s")]
pub(crate) fn retries_delivery(t: &Test) -> Result {
    let id = t.new_id();
    // Before the event is sent, so that the first delivery is answered so already.
    t.expect_with(&id, [Reply::status(500), Reply::status(200).delay(HANG), Reply::status(200)])?;
    t.send_event(Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com" })))?;

    let first = t.wait_for(&id)?;
    for failure in ["answered with 500", "left without an answer"] {
        let again = t
            .wait_for_within(&id, LAG)
            .context(format!("a delivery that was {failure} is not tried again"))?;
        check_eq!(t, again.json::<Value>()?, first.json::<Value>()?);
    }
    t.no_delivery_within(&id, WATCH)
}
