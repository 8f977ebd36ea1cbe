//! The result of a run in a unit test.

use std::fmt;
use std::time::Duration;

use super::Sent;
use crate::Level;

/// The outcome of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The case returned `Ok` and was not marked as failed.
    Pass,
    /// The case returned an error, panicked, or was marked as failed.
    Fail,
    /// The case timed out.
    Timeout,
}

/// The result of a run, with everything that the case did.
#[derive(Debug, Clone)]
pub struct Run {
    /// The name of the case.
    pub case: String,
    /// The outcome.
    pub outcome: Outcome,
    /// The reasons why the run did not pass.
    pub messages: Vec<String>,
    /// The duration by the clock of the fake host.
    pub duration: Duration,
    /// The events and other requests that the case sent.
    pub sent: Vec<Sent>,
    /// The lines that the case logged.
    pub lines: Vec<Line>,
    /// The metrics that the case recorded.
    pub metrics: Vec<Metric>,
}

/// A logged line.
#[derive(Debug, Clone)]
pub struct Line {
    /// The severity.
    pub level: Level,
    /// The message.
    pub message: String,
    /// The structured values, as names and values.
    pub fields: Vec<(String, String)>,
}

/// A recorded value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The type of the metric.
    pub kind: MetricKind,
    /// The name, without the prefix that the host adds.
    pub name: String,
    /// The value.
    pub value: f64,
    /// The labels, as names and values.
    pub labels: Vec<(String, String)>,
}

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// A value that only increases.
    Counter,
    /// A value that can increase and decrease.
    Gauge,
    /// A distribution of observed values.
    Histogram,
}

/// Shows the outcome in one line, followed by the reasons, like the host's console.
impl fmt::Display for Run {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match self.outcome {
            Outcome::Pass => "PASS",
            Outcome::Fail => "FAIL",
            Outcome::Timeout => "TIMEOUT",
        };
        write!(formatter, "--- {outcome}: {} ({:?})", self.case, self.duration)?;
        self.messages.iter().try_for_each(|message| write!(formatter, "\n    {message}"))
    }
}
