//! Cases: the tests of a component.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::Schedule;

/// One test of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// `component/name`.
    pub id: String,
    /// The name, unique in its component.
    pub name: String,
    /// When the case runs.
    pub schedule: Schedule,
    /// How long an attempt may take.
    pub timeout: Duration,
    /// Names and values.
    pub tags: Vec<(String, String)>,
    /// When the host retries.
    pub retry: Retry,
    /// How many of its runs may be in flight at once.
    pub max_in_flight: usize,
    /// Configuration values set for this case only.
    pub config: Arc<BTreeMap<String, String>>,
}

impl Case {
    /// Returns the component's name.
    pub fn component(&self) -> &str {
        self.id.split_once('/').map_or("", |(component, _)| component)
    }
}

/// When the host retries a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts after the first one.
    pub retries: u32,
    /// The time from the end of an attempt to the start of the next.
    pub delay: Duration,
}
