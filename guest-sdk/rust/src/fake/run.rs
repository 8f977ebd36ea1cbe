//! What became of a run.

use std::fmt;
use std::time::Duration;

use super::Sent;
use crate::Level;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It returned, and nothing was marked as failed.
    Pass,
    /// The case says that something is wrong.
    Fail,
    /// Its time ran out.
    Timeout,
}

/// What became of a run, and what it did.
#[derive(Debug, Clone)]
pub struct Run {
    /// The case's name.
    pub case: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it did not pass.
    pub messages: Vec<String>,
    /// How long it would have taken.
    pub duration: Duration,
    /// Events and other requests.
    pub sent: Vec<Sent>,
    /// What it said.
    pub lines: Vec<Line>,
    /// What it measured.
    pub metrics: Vec<Metric>,
}

/// A line of the run's log.
#[derive(Debug, Clone)]
pub struct Line {
    /// How bad it is.
    pub level: Level,
    /// What was said.
    pub message: String,
    /// Names and values beside it.
    pub fields: Vec<(String, String)>,
}

/// A value that was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Of which kind.
    pub kind: MetricKind,
    /// Without the prefix that the host adds.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Names and values.
    pub labels: Vec<(String, String)>,
}

/// The kinds of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// It goes up.
    Counter,
    /// It goes up and down.
    Gauge,
    /// It is observed.
    Histogram,
}

/// As the host's console shows it: a line, and the reasons below it.
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
