//! Cases: the tests of a component.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{CaseId, Schedule};

/// One test of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The id.
    pub id: CaseId,
    /// When the case runs.
    pub schedule: Schedule,
    /// How long an attempt may take.
    pub timeout: Duration,
    /// The names and values of the tags.
    pub tags: Vec<(String, String)>,
    /// The settings for retries.
    pub retry: Retry,
    /// The maximum number of runs of the case in flight at once.
    pub max_in_flight: usize,
    /// Configuration values set for this case only.
    pub config: Arc<BTreeMap<String, String>>,
}

/// The settings for retries of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// The maximum number of attempts after the first one.
    pub retries: u32,
    /// The time from the end of an attempt to the start of the next.
    pub delay: Duration,
}
