//! A run in a unit test: its clock, and the deliveries to its webhook.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::time::Duration;

use super::{Answer, Deliver, Host, Outcome, Run, Sent};
use crate::bindings::orbital::test::deliveries as contract;
use crate::bindings::orbital::test::events::{Event, HttpRequest, Receipt, SendError};
use crate::{Case, Delivery, Header, RunContext, Test};

/// The default of `components.default_timeout` in the host's configuration.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// The time of the clock when a run starts, so that `received_at` is a realistic time.
const EPOCH_SECONDS: f64 = 1_800_000_000.0;

/// The maximum size of a key in bytes, as in the host.
const MAX_KEY: usize = 256;

thread_local! {
    /// Tests run in parallel, each on its own thread.
    static CURRENT: RefCell<Option<Play>> = const { RefCell::new(None) };
    /// The message of the last panic of this thread's run. Only the panic hook knows its location.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A run in progress.
pub(crate) struct Play {
    host: Host,
    pub(super) run: Run,
    timeout: Duration,
    now: Duration,
    ids: u64,
    /// When the event with a key was sent.
    sent_at: HashMap<String, Duration>,
    replies: HashMap<String, VecDeque<u16>>,
    /// Future deliveries, with their times.
    coming: Vec<(Duration, contract::Delivery)>,
    /// Deliveries that have arrived and were not taken, in order.
    came: Vec<contract::Delivery>,
}

/// Unwinds from a call of the host when the run times out, as the host would end the instance.
struct TimeIsUp;

/// Calls a function with the run of this thread.
pub(super) fn with<T>(act: impl FnOnce(&mut Play) -> T) -> T {
    CURRENT.with_borrow_mut(|current| match current {
        Some(play) => act(play),
        None => {
            panic!("a case needs a host; in a unit test, run it with `orbital_sdk::fake::Host::run`")
        }
    })
}

pub(super) fn play(host: Host, case: &Case) -> Run {
    keep_places_of_panics();
    let run = Run {
        case: case.name.to_owned(),
        outcome: Outcome::Pass,
        messages: Vec::new(),
        duration: Duration::ZERO,
        sent: Vec::new(),
        lines: Vec::new(),
        metrics: Vec::new(),
    };
    let play = Play {
        host,
        run,
        timeout: case.timeout_ms.map_or(DEFAULT_TIMEOUT, |ms| Duration::from_millis(ms.into())),
        now: Duration::ZERO,
        ids: 0,
        sent_at: HashMap::new(),
        replies: HashMap::new(),
        coming: Vec::new(),
        came: Vec::new(),
    };
    CURRENT.set(Some(play));
    let ended = panic::catch_unwind(AssertUnwindSafe(|| (case.run)(&Test::new())));
    let Some(Play { mut run, now, .. }) = CURRENT.take() else {
        unreachable!("only this function ends a run of this thread");
    };
    run.duration = now;
    // Like the host: a run that called `fail` has failed, however it ended.
    let has_failed = !run.messages.is_empty();
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(failure)) => run.messages.push(failure.to_string()),
        Err(payload) => match payload.downcast::<(TimeIsUp, String)>() {
            Ok(time_is_up) => {
                run.messages.push(time_is_up.1);
                run.outcome = Outcome::Timeout;
            }
            Err(_) => run.messages.push(of_panic()),
        },
    }
    if has_failed || (run.outcome == Outcome::Pass && !run.messages.is_empty()) {
        run.outcome = Outcome::Fail;
    }
    run
}

impl Play {
    pub(super) fn now(&self) -> Duration {
        self.now
    }

    pub(super) fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.now)
    }

    pub(super) fn config(&self, name: &str) -> Option<String> {
        self.host.config.get(name).cloned()
    }

    pub(super) fn context(&self) -> RunContext {
        RunContext {
            run_id: "fake".to_owned(),
            component: "fake".to_owned(),
            case: self.run.case.clone(),
            attempt: self.host.attempt,
            environment: self.host.environment.clone(),
            webhook_url: "http://webhook.invalid".to_owned(),
        }
    }

    pub(super) fn new_id(&mut self) -> String {
        self.ids += 1;
        format!("00000000-0000-7000-8000-{:012}", self.ids)
    }

    pub(super) fn expect(
        &mut self,
        key: &str,
        options: &contract::ExpectOptions,
    ) -> Result<(), contract::ExpectError> {
        check_key(key).map_err(contract::ExpectError::InvalidKey)?;
        if let Some(reply) = options.replies.iter().find(|reply| !(200..600).contains(&reply.status)) {
            let reason = format!("its status {} is not 200 to 599", reply.status);
            return Err(contract::ExpectError::InvalidReply(reason));
        }
        if !options.replies.is_empty() {
            let replies = options.replies.iter().map(|reply| reply.status).collect();
            self.replies.insert(key.to_owned(), replies);
        }
        Ok(())
    }

    pub(super) fn wait(
        &mut self,
        keys: &[String],
        n: usize,
        timeout_ms: Option<u32>,
    ) -> Result<Vec<contract::Delivery>, contract::WaitError> {
        if keys.is_empty() || n == 0 {
            return Err(contract::WaitError::NothingToWaitFor);
        }
        for key in keys {
            check_key(key).map_err(contract::WaitError::InvalidKey)?;
        }
        let doing = format!("waiting for a delivery with key `{}`", keys.join("`, `"));
        let end = timeout_ms.map(|ms| self.now + Duration::from_millis(ms.into()));
        while self.came.iter().filter(|delivery| keys.contains(&delivery.key)).count() < n {
            let next = self.coming.iter().map(|(at, _)| *at).min();
            match (next, end) {
                (Some(next), end) if end.is_none_or(|end| next <= end) => self.pass(next - self.now, &doing),
                (_, Some(end)) => {
                    self.pass(end - self.now, &doing);
                    return Err(contract::WaitError::Timeout);
                }
                // At least a millisecond: a case that caught the timeout must not continue to wait.
                (_, None) => self.pass(self.left().max(Duration::from_millis(1)), &doing),
            }
        }
        let mut taken = Vec::new();
        let mut index = 0;
        while taken.len() < n {
            match keys.contains(&self.came[index].key) {
                true => taken.push(self.came.remove(index)),
                false => index += 1,
            }
        }
        Ok(taken)
    }

    /// Sends events concurrently, so the duration is that of the slowest response.
    pub(super) fn send_events(&mut self, events: &[Event]) -> Vec<Result<Receipt, SendError>> {
        let mut longest = Duration::ZERO;
        let mut answers = Vec::new();
        for event in events {
            if let Some(Err(reason)) = event.key.as_deref().map(check_key) {
                answers.push(Err(SendError::Invalid(format!("its key {reason}"))));
                continue;
            }
            let sent = Sent::from(event);
            self.run.sent.push(sent.clone());
            if let Some(key) = &sent.key {
                self.sent_at.insert(key.clone(), self.now);
            }
            let answer = (self.host.on_event)(&sent);
            for delivery in &answer.deliveries {
                self.deliver(delivery, sent.key.as_deref());
            }
            longest = longest.max(answer.took);
            answers.push(receipt(answer));
        }
        self.pass(longest, "waiting for an answer");
        answers
    }

    pub(super) fn request(&mut self, request: &HttpRequest) -> Result<Receipt, SendError> {
        let sent = Sent::from(request);
        self.run.sent.push(sent.clone());
        let answer = (self.host.on_request)(&sent);
        for delivery in &answer.deliveries {
            self.deliver(delivery, None);
        }
        self.pass(answer.took, "waiting for an answer");
        receipt(answer)
    }

    /// Advances the clock, receives the deliveries of that time, and ends the run if it times out.
    pub(super) fn pass(&mut self, duration: Duration, doing: &str) {
        let end = self.now + duration;
        self.receive(end.min(self.timeout));
        if end >= self.timeout && !duration.is_zero() {
            let reason = format!("timed out after {:?} {doing}", self.timeout);
            // Not `panic!`, which would call the panic hook.
            panic::resume_unwind(Box::new((TimeIsUp, reason)));
        }
    }

    fn deliver(&mut self, deliver: &Deliver, key: Option<&str>) {
        let at = self.now + deliver.after;
        let key = deliver.key.as_deref().or(key).unwrap_or_default().to_owned();
        let delivery = contract::Delivery {
            latency: self.sent_at.get(&key).map(|sent| (at - *sent).as_secs_f64()),
            key,
            method: deliver.method.clone(),
            path: deliver.path.clone(),
            query: deliver.query.clone(),
            headers: lower(&deliver.content.headers),
            body: deliver.content.body.clone(),
            received_at: EPOCH_SECONDS + at.as_secs_f64(),
        };
        self.coming.push((at, delivery));
    }

    /// Receives, and responds to, the deliveries until this time.
    fn receive(&mut self, end: Duration) {
        loop {
            let due = self.coming.iter().enumerate().filter(|(_, (at, _))| *at <= end);
            // The first of those that come at the same time.
            let Some((index, (at, _))) = due.min_by_key(|(_, (at, _))| *at) else { break };
            self.now = self.now.max(*at);
            let (_, delivery) = self.coming.remove(index);
            let planned = self.replies.get_mut(&delivery.key).and_then(VecDeque::pop_front);
            let again = (self.host.on_reply)(&Delivery::from(delivery.clone()), planned.unwrap_or(200));
            for next in &again {
                self.deliver(next, Some(&delivery.key));
            }
            self.came.push(delivery);
        }
        self.now = self.now.max(end);
    }
}

fn receipt(answer: Answer) -> Result<Receipt, SendError> {
    if let Some(error) = answer.error {
        return Err(of_contract(error));
    }
    Ok(Receipt {
        status: answer.status,
        headers: lower(&answer.content.headers),
        body: answer.content.body,
        latency: answer.took.as_secs_f64(),
    })
}

/// Returns headers with names in lower case, as the host does.
fn lower(headers: &[Header]) -> Vec<Header> {
    let lower = |header: &Header| Header { name: header.name.to_lowercase(), value: header.value.clone() };
    headers.iter().map(lower).collect()
}

fn check_key(key: &str) -> Result<(), String> {
    if key.is_empty() {
        return Err("it is empty".to_owned());
    }
    if key.len() > MAX_KEY {
        return Err(format!("it has {} bytes; at most {MAX_KEY} are allowed", key.len()));
    }
    if key.chars().any(char::is_control) {
        return Err("it has a control character".to_owned());
    }
    Ok(())
}

/// Records the messages of panics in a run, and passes all others to the previous panic hook.
fn keep_places_of_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // If it is borrowed, a closure of the test panicked during a run.
            let is_run =
                CURRENT.with(|current| current.try_borrow().map_or(true, |current| current.is_some()));
            if !is_run {
                return before(panic);
            }
            let message = panic.payload_as_str().unwrap_or("a value that is not text");
            let place = panic.location().map(|place| format!(" ({place})")).unwrap_or_default();
            PANIC.set(Some(format!("panicked: {message}{place}")));
        }));
    });
}

/// Returns the message of the last panic. There is none for an unwind without a panic.
fn of_panic() -> String {
    PANIC.take().unwrap_or_else(|| "panicked".to_owned())
}

fn of_contract(error: crate::SendError) -> SendError {
    match error {
        crate::SendError::UnknownTarget(text) => SendError::UnknownTarget(text),
        crate::SendError::Invalid(text) => SendError::Invalid(text),
        crate::SendError::Taken => SendError::Taken,
        crate::SendError::Unreachable(text) => SendError::Unreachable(text),
        crate::SendError::Timeout => SendError::Timeout,
        crate::SendError::TooLarge(bytes) => SendError::TooLarge(bytes),
    }
}
