//! One event, one delivery.

use orbital_sdk::prelude::*;

/// Sends a sign-up to the target `api`, and waits for the delivery that it causes.
#[case(every = "10s", timeout = "3s")]
pub fn smoke(t: &Test) -> Result {
    let id = t.new_id();
    let signup = json!({ "id": id, "email": "ada@example.com" });
    t.send_event(Event::to("api").key(&id).json(&signup))?
        .success()?;

    let delivery = t.wait_for(&id)?;
    check_eq!(t, delivery.json::<Value>()?["processed"], true);
    Ok(())
}

#[cfg(test)]
mod tests {
    use orbital_sdk::fake::{Answer, Deliver, Host, Outcome};

    use super::*;

    /// A system under test that delivers each event.
    fn system(processed: bool) -> Host {
        Host::new().on_event(move |_| {
            let delivery =
                Deliver::json(&json!({ "processed": processed })).after(Duration::from_millis(20));
            Answer::status(202).deliver(delivery)
        })
    }

    #[test]
    fn it_passes_if_the_event_is_processed() {
        let run = system(true).run(&smoke::CASE);
        assert_eq!(run.outcome, Outcome::Pass, "{run}");
        assert_eq!(run.sent[0].target, "api");
    }

    #[test]
    fn it_fails_if_the_event_is_not_processed() {
        let run = system(false).run(&smoke::CASE);
        assert_eq!(run.outcome, Outcome::Fail, "{run}");
    }

    #[test]
    fn it_times_out_if_nothing_is_delivered() {
        let run = Host::new()
            .on_event(|_| Answer::status(202))
            .run(&smoke::CASE);
        assert_eq!(run.outcome, Outcome::Timeout, "{run}");
    }
}
