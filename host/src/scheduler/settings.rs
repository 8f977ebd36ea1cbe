//! The sections `[scheduler]`, `[[override]]` and `[[maintenance]]`.

use std::time::Duration;

use super::{Maintenance, Overrides};
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
    /// What is set for cases in place of what they declare.
    pub overrides: Overrides,
    /// When cases do not run.
    pub maintenance: Maintenance,
}

impl SchedulerSettings {
    /// Reads the sections.
    pub fn read(root: &Section<'_>) -> Self {
        let (overrides, maintenance) = (Overrides::read(root), Maintenance::read(root));
        root.section("scheduler", |section| Self::read_section(section, overrides, maintenance))
    }

    fn read_section(section: &Section<'_>, overrides: Overrides, maintenance: Maintenance) -> Self {
        let default = Self::default();
        Self {
            overrides,
            maintenance,
            max_in_flight: section.integer("max_in_flight", 1..=10_000, default.max_in_flight),
            first_runs: section.integer("first_runs", 1..=10_000, default.first_runs),
            shutdown_grace: section.duration("shutdown_grace", default.shutdown_grace),
        }
    }
}

impl Default for SchedulerSettings {
    fn default() -> Self {
        Self {
            max_in_flight: 500,
            first_runs: 8,
            shutdown_grace: Duration::from_secs(10),
            overrides: Overrides::default(),
            maintenance: Maintenance::default(),
        }
    }
}
