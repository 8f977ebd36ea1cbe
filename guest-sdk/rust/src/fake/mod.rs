//! A fake host for unit tests of cases with `cargo test`, without WebAssembly, a network or waiting.
//!
//! ```
//! use orbital_sdk::fake::{Answer, Deliver, Host, Outcome};
//! use orbital_sdk::prelude::*;
//!
//! #[case(every = "1s", timeout = "3s")]
//! fn smoke(t: &Test) -> Result {
//!     let id = t.new_id();
//!     t.send_event(Event::to("api").key(&id))?;
//!     check_eq!(t, t.wait_for(&id)?.json::<Value>()?["processed"], true);
//!     Ok(())
//! }
//!
//! let host = Host::new().on_event(|event| {
//!     assert_eq!(event.target, "api");
//!     Answer::status(202).deliver(Deliver::json(&json!({ "processed": true })))
//! });
//! let run = host.run(&smoke::CASE);
//! assert_eq!(run.outcome, Outcome::Pass, "{run}");
//! ```
//!
//! The fake has its own clock. It advances only when the case waits or sleeps, and then immediately.

mod answer;
pub(crate) mod calls;
mod play;
mod run;
mod sent;

use std::collections::BTreeMap;

pub use answer::{Answer, Deliver};
pub use run::{Line, Metric, MetricKind, Outcome, Run};
pub use sent::Sent;

use crate::{Case, Delivery};

type Answering = Box<dyn FnMut(&Sent) -> Answer>;
type Redelivering = Box<dyn FnMut(&Delivery, u16) -> Vec<Deliver>>;

/// A fake host for one run, with a fake system under test.
#[must_use = "call `Host::run` to run a case"]
pub struct Host {
    on_event: Answering,
    on_request: Answering,
    on_reply: Redelivering,
    config: BTreeMap<String, String>,
    environment: String,
    attempt: u32,
}

impl Host {
    /// Creates a host whose system under test responds to events with 202 and to other requests with 200, without
    /// deliveries.
    pub fn new() -> Self {
        Self {
            on_event: Box::new(|_| Answer::status(202)),
            on_request: Box::new(|_| Answer::status(200)),
            on_reply: Box::new(|_, _| Vec::new()),
            config: BTreeMap::new(),
            environment: "fake".to_owned(),
            attempt: 1,
        }
    }

    /// Sets the function that returns the response to an event and the deliveries that follow.
    pub fn on_event(mut self, answer: impl FnMut(&Sent) -> Answer + 'static) -> Self {
        self.on_event = Box::new(answer);
        self
    }

    /// Sets the function that returns the response to a request that is not an event.
    pub fn on_request(mut self, answer: impl FnMut(&Sent) -> Answer + 'static) -> Self {
        self.on_request = Box::new(answer);
        self
    }

    /// Sets the function that is called with each delivery and the HTTP status of the webhook's response. It returns
    /// further deliveries, such as a redelivery after a 503.
    pub fn on_reply(mut self, deliver: impl FnMut(&Delivery, u16) -> Vec<Deliver> + 'static) -> Self {
        self.on_reply = Box::new(deliver);
        self
    }

    /// Sets a value that the operator would set for the component.
    pub fn config(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.insert(name.into(), value.into());
        self
    }

    /// Sets the name of the environment. The default is `fake`.
    pub fn environment(mut self, name: impl Into<String>) -> Self {
        self.environment = name.into();
        self
    }

    /// Sets the number of the attempt. The default is 1.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Runs a case and returns its result: `host.run(&smoke::CASE)`.
    pub fn run(self, case: &Case) -> Run {
        play::play(self, case)
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Host {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { config, environment, attempt, .. } = self;
        formatter
            .debug_struct("Host")
            .field("config", config)
            .field("environment", environment)
            .field("attempt", attempt)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prelude::*;

    #[case(manual, timeout = "3s")]
    fn smoke(t: &Test) -> Result {
        let id = t.new_id();
        t.send_event(Event::to("api").key(&id).json(&json!({ "id": id })))?.success()?;
        let delivery = t.wait_for(&id)?;
        check_eq!(t, delivery.json::<Value>()?["processed"], true);
        Ok(())
    }

    fn delivers(processed: bool, after_ms: u64) -> Host {
        Host::new().on_event(move |event| {
            assert_eq!(event.json::<Value>().unwrap()["id"], event.key.as_deref().unwrap());
            let delivery = Deliver::json(&json!({ "processed": processed }));
            Answer::status(202).deliver(delivery.after(Duration::from_millis(after_ms)))
        })
    }

    #[test]
    fn what_is_delivered_is_judged_by_the_case() {
        let run = delivers(true, 20).run(&smoke::CASE);
        assert_eq!(run.outcome, Outcome::Pass, "{run}");
        assert_eq!((run.duration, run.sent.len()), (Duration::from_millis(20), 1));
        let run = delivers(false, 20).run(&smoke::CASE);
        assert_eq!(run.outcome, Outcome::Fail);
        assert!(run.messages[0].starts_with("check failed: "), "{run}");
    }

    #[test]
    fn what_comes_too_late_is_a_timeout_that_takes_no_time() {
        let run = delivers(true, 3001).run(&smoke::CASE);
        assert_eq!((run.outcome, run.duration), (Outcome::Timeout, Duration::from_secs(3)));
        assert!(run.messages[0].starts_with("timed out after 3s waiting for"), "{run}");
    }

    #[case(manual)]
    fn tries(t: &Test) -> Result {
        t.expect_with("7", [Reply::status(503)])?;
        t.send_event(Event::to("api").key("7"))?;
        t.wait_for("7")?;
        t.wait_for("7")?;
        t.info(t.require_config("plan")?);
        t.counter("tries_total", 2.0, &[("kind", "new")])?;
        t.no_delivery_within("7", Duration::from_millis(50))
    }

    #[test]
    fn planned_replies_reach_the_system_which_delivers_again() {
        let run =
            Host::new()
                .config("plan", "pro")
                .on_event(|_| Answer::status(202).deliver(Deliver::new()))
                .on_reply(|_, status| {
                    if status == 503 { vec![Deliver::new().after(Duration::from_secs(1))] } else { vec![] }
                })
                .run(&tries::CASE);
        assert_eq!(run.outcome, Outcome::Pass, "{run}");
        assert_eq!(run.duration, Duration::from_millis(1050));
        assert_eq!((run.lines[0].message.as_str(), run.metrics[0].value), ("pro", 2.0));
    }

    #[case(manual)]
    fn breaks(t: &Test) -> Result {
        match t.wait_for_within("7", Duration::from_secs(1)) {
            Err(WaitError::Timeout) => panic!("nothing in {:?}", t.context().attempt),
            _ => Ok(()),
        }
    }

    #[test]
    fn a_panic_is_a_fail_with_its_place() {
        let run = Host::new().attempt(2).run(&breaks::CASE);
        assert_eq!(run.outcome, Outcome::Fail);
        assert!(run.messages[0].starts_with("panicked: nothing in 2 ("), "{run}");
    }

    #[case(manual)]
    fn cannot_send(t: &Test) -> Result {
        t.send_event(Event::to("api").key(""))?;
        Ok(())
    }

    #[test]
    fn what_cannot_be_sent_is_an_error_and_not_sent() {
        let run = Host::new().run(&cannot_send::CASE);
        assert_eq!((run.outcome, run.sent.len()), (Outcome::Fail, 0));
        let refused = |_: &Sent| Answer::none(SendError::Unreachable("connection refused".to_owned()));
        let run = Host::new().on_event(refused).run(&smoke::CASE);
        assert!(run.messages[0].starts_with("the target did not answer: connection refused ("), "{run}");
    }
}
