//! A run as pages tell it: read from the form that the API gives it, so that it does not matter where it was kept.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orbital_model::Outcome;
use serde::Deserialize;
use uuid::Uuid;

/// A run that has ended.
#[derive(Debug, Deserialize)]
pub(super) struct Story {
    pub(super) run: Uuid,
    pub(super) component: String,
    pub(super) case: String,
    pub(super) digest: String,
    pub(super) language: String,
    pub(super) trigger: String,
    pub(super) due: Timestamp,
    pub(super) started: Timestamp,
    pub(super) start_delay: f64,
    pub(super) duration: f64,
    pub(super) outcome: Outcome,
    pub(super) flaky: bool,
    pub(super) attempts: Vec<Try>,
}

/// One attempt.
#[derive(Debug, Deserialize)]
pub(super) struct Try {
    pub(super) started: Timestamp,
    pub(super) duration: f64,
    pub(super) outcome: Outcome,
    pub(super) messages: Vec<String>,
    pub(super) timeline: Vec<Moment>,
    pub(super) omitted: usize,
    pub(super) usage: BTreeMap<String, f64>,
}

/// One step.
#[derive(Debug, Deserialize)]
pub(super) struct Moment {
    /// Seconds since the attempt began.
    pub(super) at: f64,
    /// How many it took.
    pub(super) took: Option<f64>,
    #[serde(flatten)]
    pub(super) what: What,
}

/// What happened, as [`crate::guest::Happening`] writes it.
#[derive(Debug, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub(super) enum What {
    Log {
        level: String,
        source: String,
        message: String,
        #[serde(default)]
        fields: Vec<(String, String)>,
    },
    Fail {
        message: String,
    },
    NewId {
        key: String,
    },
    Expect {
        key: String,
        error: Option<String>,
    },
    Send {
        target: String,
        method: String,
        path: String,
        key: Option<String>,
        body: String,
        status: Option<u16>,
        phases: Option<Phases>,
        answer: Option<String>,
        error: Option<String>,
    },
    Wait {
        keys: Vec<String>,
        n: u32,
        timeout_ms: Option<u32>,
        error: Option<String>,
    },
    Delivery {
        key: String,
        method: String,
        path: String,
        body: String,
        latency: Option<f64>,
        answered: Option<u16>,
        answered_after: Option<f64>,
        taken: bool,
    },
    CutShort {
        call: String,
    },
    Sleep {
        duration_ms: u32,
    },
    Metric {
        kind: String,
        name: String,
        value: f64,
        error: Option<String>,
    },
    Read {
        name: String,
        value: String,
    },
}

/// Where the time of an exchange went, in seconds.
#[derive(Debug, Deserialize)]
pub(super) struct Phases {
    pub(super) connect: Option<f64>,
    pub(super) wait: f64,
    pub(super) read: f64,
}

impl Story {
    /// Of a report's JSON. None would be a mistake of ours: what is written is not what is read.
    pub(super) fn read(run: Uuid, json: &str) -> Option<Self> {
        let read = serde_json::from_str(json);
        read.inspect_err(|error| tracing::error!(%error, %run, "cannot show a run")).ok()
    }

    pub(super) fn case_id(&self) -> String {
        format!("{}/{}", self.component, self.case)
    }
}

impl Try {
    /// The step at which it went wrong: the last one that did, if it did not pass.
    pub(super) fn culprit(&self) -> Option<usize> {
        let bad = |moment: &Moment| moment.what.is_bad();
        (self.outcome != Outcome::Pass).then(|| self.timeline.iter().rposition(bad)).flatten()
    }
}

impl What {
    /// Whether it is something that ought not to be.
    pub(super) fn is_bad(&self) -> bool {
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
}
