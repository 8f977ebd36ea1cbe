//! The steps of a run: its timeline.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{MetricKind, Phases, seconds};

/// One step.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Step {
    /// When the step began, in seconds since the start of the attempt.
    #[serde(with = "seconds")]
    #[schema(value_type = f64)]
    pub at: Duration,
    /// How long the step took, in seconds. Missing for a step without a duration.
    #[serde(default, with = "seconds::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64, required = false)]
    pub took: Option<Duration>,
    /// The kind of the step, with its details.
    #[serde(flatten)]
    pub what: StepKind,
}

/// The kinds of steps, with their details.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum StepKind {
    /// The test logged a line.
    Log {
        /// The severity.
        level: LogLevel,
        /// How the line was written.
        source: LogSource,
        /// The line.
        message: String,
        /// Names and values.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fields: Vec<(String, String)>,
    },
    /// The test called `fail`.
    Fail {
        /// The reason.
        message: String,
    },
    /// The test asked for a new key.
    NewId {
        /// The key.
        key: String,
    },
    /// The test claimed a key.
    Expect {
        /// The key.
        key: String,
        /// Why the test cannot have the key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The test sent a request, which was answered or failed.
    Send {
        /// The target's name.
        target: String,
        /// The method.
        method: String,
        /// The path after the target's URL.
        path: String,
        /// The event's key, if it has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<String>,
        /// The beginning of the body.
        body: String,
        /// The answer's status.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// How the time until the answer was spent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        phases: Option<Phases>,
        /// The beginning of the answer's body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answer: Option<String>,
        /// Why there is no answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The test waited for deliveries.
    Wait {
        /// The keys, any of which matches.
        keys: Vec<String>,
        /// The number of deliveries.
        n: u32,
        /// The timeout in milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<u32>,
        /// Why the deliveries did not come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The webhook received a delivery for the run.
    Delivery {
        /// The key.
        key: String,
        /// The method.
        method: String,
        /// The path.
        path: String,
        /// The beginning of the body.
        body: String,
        /// The time from the event to the delivery, in seconds.
        #[serde(default, with = "seconds::option", skip_serializing_if = "Option::is_none")]
        #[schema(value_type = f64, required = false)]
        latency: Option<Duration>,
        /// The status of the reply, if the test planned one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        answered: Option<u16>,
        /// How long the planned reply is delayed, in seconds. The sender may give up before.
        #[serde(default, with = "seconds::option", skip_serializing_if = "Option::is_none")]
        #[schema(value_type = f64, required = false)]
        answered_after: Option<Duration>,
        /// Whether the test took the delivery.
        taken: bool,
    },
    /// The attempt ended during this call.
    CutShort {
        /// The call.
        call: String,
    },
    /// The test slept.
    Sleep {
        /// The requested duration in milliseconds.
        duration_ms: u32,
    },
    /// The test recorded a value for a metric.
    Metric {
        /// Counter, gauge or histogram.
        kind: MetricKind,
        /// The name, without its prefix.
        name: String,
        /// The value.
        value: f64,
        /// Why the value was rejected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<String>,
    },
    /// The test read a value of its configuration, context or clock.
    Read {
        /// The value's name.
        name: String,
        /// The value.
        value: String,
    },
}

/// The severity of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For developers of the test.
    Debug,
    /// Normal.
    Info,
    /// Unusual.
    Warn,
    /// Wrong.
    Error,
}

impl LogLevel {
    /// Returns the level in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// How a log line was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogSource {
    /// By `log`.
    Log,
    /// To standard output.
    Stdout,
    /// To standard error.
    Stderr,
}

impl StepKind {
    /// Returns whether this is an error.
    pub fn is_bad(&self) -> bool {
        match self {
            Self::Fail { .. } | Self::CutShort { .. } => true,
            Self::Expect { error, .. } | Self::Wait { error, .. } | Self::Metric { error, .. } => {
                error.is_some()
            }
            Self::Send { status, .. } => status.is_none_or(|status| status >= 400),
            Self::Log { .. }
            | Self::NewId { .. }
            | Self::Delivery { .. }
            | Self::Sleep { .. }
            | Self::Read { .. } => false,
        }
    }

    /// Returns the number of bytes of text, without what the budget of the log counts.
    pub fn size(&self) -> usize {
        let maybe = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        match self {
            Self::Log { .. } | Self::Fail { .. } | Self::Sleep { .. } => 0,
            Self::NewId { key } => key.len(),
            Self::Expect { key, error } => key.len() + maybe(error),
            Self::Send { target, method, path, key, body, status: _, phases: _, answer, error } => {
                let texts = [target, method, path, body].map(String::len).iter().sum::<usize>();
                texts + [key, answer, error].map(maybe).iter().sum::<usize>()
            }
            Self::Wait { keys, error, .. } => keys.iter().map(String::len).sum::<usize>() + maybe(error),
            Self::Delivery { key, method, path, body, .. } => {
                [key, method, path, body].map(String::len).iter().sum()
            }
            Self::CutShort { call } => call.len(),
            Self::Metric { name, error, .. } => name.len() + maybe(error),
            Self::Read { name, value } => name.len() + value.len(),
        }
    }
}
