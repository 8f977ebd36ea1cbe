//! A test that removes its data, whether it passes or not.

use orbital_sdk::prelude::*;

/// Time limit for the delivery: less than the case's timeout, so that there is time to clean up.
const LATEST: Duration = Duration::from_secs(3);

#[case(every = "5s", timeout = "5s")]
pub(crate) fn cleans_up(t: &Test) -> Result {
    let id = t.new_id();
    let signup = json!({ "id": id, "email": "ada@example.com" });
    t.send_event(Event::to("api").key(&id).json(&signup))?.success()?;
    let _signup = SignUp { t, id: &id };

    let delivery = t.wait_for_within(&id, LATEST)?;
    check_eq!(t, delivery.json::<Value>()?["processed"], true);
    Ok(())
}

/// A sign-up in the system under test, removed on drop, however the test ends.
struct SignUp<'a> {
    t: &'a Test,
    id: &'a str,
}

impl Drop for SignUp<'_> {
    fn drop(&mut self) {
        let path = format!("/{}", self.id);
        let removed = self.t.request(Request::delete("api").path(path)).map_err(Failure::from);
        if let Err(failure) = removed.and_then(|receipt| Ok(receipt.success()?)) {
            self.t.fail(format!("the sign-up {} is left behind: {failure}", self.id));
        }
    }
}

#[cfg(test)]
mod tests {
    use orbital_sdk::fake::{Answer, Deliver, Host, Outcome};

    use super::*;

    /// A system under test that delivers each event.
    fn system(processed: bool) -> Host {
        let delivery = Deliver::json(&json!({ "processed": processed }));
        Host::new().on_event(move |_| Answer::status(202).deliver(delivery.clone()))
    }

    #[test]
    fn it_passes_if_the_sign_up_is_processed() {
        let run = system(true).run(&cleans_up::CASE);
        assert_eq!(run.outcome, Outcome::Pass, "{run}");
    }

    #[test]
    fn it_fails_if_the_sign_up_is_not_processed() {
        let run = system(false).run(&cleans_up::CASE);
        assert_eq!(run.outcome, Outcome::Fail, "{run}");
    }

    #[test]
    fn it_cleans_up_if_nothing_is_delivered() {
        let run = Host::new().on_event(|_| Answer::status(202)).run(&cleans_up::CASE);
        assert_eq!(run.outcome, Outcome::Fail, "{run}");
        let methods: Vec<_> = run.sent.iter().map(|sent| sent.method.as_str()).collect();
        assert_eq!(methods, ["POST", "DELETE"]);
    }
}
