//! A failed delivery is retried until it is accepted.

use orbital_sdk::prelude::*;

/// Longer than the pipeline waits for a response (`--attempt-timeout`).
const HANG: Duration = Duration::from_secs(3);

/// Time limit for a retry: the pipeline first gives up the previous attempt, and pauses.
const LAG: Duration = Duration::from_secs(2);

/// How long to wait for an unexpected further attempt.
const WATCH: Duration = Duration::from_millis(500);

#[case(every = "5s", timeout = "10s")]
pub(crate) fn retries_delivery(t: &Test) -> Result {
    let id = t.new_id();
    // Plan the replies before sending the event, so that they apply to the first delivery.
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
