//! The section `[scheduler]`.

use std::time::Duration;

use crate::config::Section;

/// How much runs at once.
#[derive(Debug, Clone)]
pub struct SchedulerSettings {
    /// How many runs may be in flight over all.
    pub max_in_flight: usize,
    /// How many first runs after a deploy may be in flight over all.
    pub first_runs: usize,
    /// How long runs in flight may go on when the host stops.
    pub shutdown_grace: Duration,
}

impl SchedulerSettings {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        let default = Self::default();
        Self {
            max_in_flight: section.integer("max_in_flight", 1..=10_000, default.max_in_flight),
            first_runs: section.integer("first_runs", 1..=10_000, default.first_runs),
            shutdown_grace: section.duration("shutdown_grace", default.shutdown_grace),
        }
    }
}

impl Default for SchedulerSettings {
    fn default() -> Self {
        Self { max_in_flight: 500, first_runs: 8, shutdown_grace: Duration::from_secs(10) }
    }
}
