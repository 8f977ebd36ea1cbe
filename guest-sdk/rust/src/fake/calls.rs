//! The functions of the contract for unit tests, with the signatures of the bindings. They act on the run of this thread.

pub(crate) mod clock {
    use std::time::Duration;

    use crate::fake::play::with;

    pub(crate) fn elapsed() -> f64 {
        with(|play| play.now().as_secs_f64())
    }

    pub(crate) fn sleep(duration_ms: u32) {
        let duration = Duration::from_millis(duration_ms.into());
        with(|play| play.pass(duration, &format!("while sleeping for {duration:?}")));
    }
}

pub(crate) mod config {
    use crate::fake::play::with;

    pub(crate) fn get(name: &str) -> Option<String> {
        with(|play| play.config(name))
    }
}

pub(crate) mod context {
    use crate::RunContext;
    use crate::fake::play::with;
    use crate::time::milliseconds;

    pub(crate) fn current() -> RunContext {
        with(|play| play.context())
    }

    pub(crate) fn time_left_ms() -> u32 {
        with(|play| milliseconds(play.left()))
    }
}

pub(crate) mod deliveries {
    use crate::bindings::orbital::test::deliveries::{Delivery, ExpectError, ExpectOptions, WaitError};
    use crate::fake::play::with;

    pub(crate) fn new_id() -> String {
        with(|play| play.new_id())
    }

    pub(crate) fn expect(key: &str, options: &ExpectOptions) -> Result<(), ExpectError> {
        with(|play| play.expect(key, options))
    }

    pub(crate) fn wait_for(key: &str, timeout_ms: Option<u32>) -> Result<Delivery, WaitError> {
        let mut deliveries = wait_n(&[key.to_owned()], 1, timeout_ms)?;
        deliveries.pop().ok_or(WaitError::NothingToWaitFor)
    }

    pub(crate) fn wait_n(
        keys: &[String],
        n: u32,
        timeout_ms: Option<u32>,
    ) -> Result<Vec<Delivery>, WaitError> {
        with(|play| play.wait(keys, n as usize, timeout_ms))
    }
}

pub(crate) mod events {
    use crate::bindings::orbital::test::events::{Event, HttpRequest, Receipt, SendError};
    use crate::fake::play::with;

    pub(crate) fn send_event(event: &Event) -> Result<Receipt, SendError> {
        send_events(std::slice::from_ref(event)).swap_remove(0)
    }

    pub(crate) fn send_events(events: &[Event]) -> Vec<Result<Receipt, SendError>> {
        with(|play| play.send_events(events))
    }

    pub(crate) fn request(request: &HttpRequest) -> Result<Receipt, SendError> {
        with(|play| play.request(request))
    }
}

pub(crate) mod log {
    use crate::bindings::orbital::test::log::{Field, Level};
    use crate::fake::Line;
    use crate::fake::play::with;

    pub(crate) fn log(level: Level, message: &str, fields: &[Field]) {
        let fields = fields.iter().map(|field| (field.name.clone(), field.value.clone())).collect();
        with(|play| play.run.lines.push(Line { level, message: message.to_owned(), fields }));
    }
}

pub(crate) mod metrics {
    use crate::bindings::orbital::test::metrics::{Label, MetricError};
    use crate::fake::play::with;
    use crate::fake::{Metric, MetricKind};

    pub(crate) fn counter(name: &str, value: f64, labels: &[Label]) -> Result<(), MetricError> {
        record(MetricKind::Counter, name, value, labels)
    }

    pub(crate) fn gauge(name: &str, value: f64, labels: &[Label]) -> Result<(), MetricError> {
        record(MetricKind::Gauge, name, value, labels)
    }

    pub(crate) fn histogram(name: &str, value: f64, labels: &[Label]) -> Result<(), MetricError> {
        record(MetricKind::Histogram, name, value, labels)
    }

    fn record(kind: MetricKind, name: &str, value: f64, labels: &[Label]) -> Result<(), MetricError> {
        let labels = labels.iter().map(|label| (label.name.clone(), label.value.clone())).collect();
        with(|play| play.run.metrics.push(Metric { kind, name: name.to_owned(), value, labels }));
        Ok(())
    }
}

pub(crate) mod verdict {
    use crate::fake::play::with;

    pub(crate) fn fail(message: &str) {
        with(|play| play.run.messages.push(message.to_owned()));
    }
}
