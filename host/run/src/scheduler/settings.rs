//! The sections `[scheduler]`, `[[override]]` and `[[maintenance]]`.

use std::sync::Arc;
use std::time::Duration;

use orbital_config::Section;
use orbital_policy::rules::ComponentRules;

use crate::scheduler::{Maintenance, Overrides};

/// Limits of runs in flight, and settings for cases and components.
#[derive(Debug, Clone, Default)]
pub struct SchedulerSettings {
    /// Settings that need a restart.
    pub fixed: FixedSchedulerSettings,
    /// Settings that take effect at once.
    pub live: LiveSchedulerSettings,
}

/// Settings of the scheduler that need a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedSchedulerSettings {
    /// The maximum number of runs in flight on the host.
    pub max_in_flight: usize,
}

/// Settings of the scheduler that take effect at once.
#[derive(Debug, Clone)]
pub struct LiveSchedulerSettings {
    /// The maximum number of runs in flight of one component, where no rule sets another one.
    pub component_max_in_flight: usize,
    /// The maximum number of first runs after a deploy that are in flight on the host.
    pub first_runs: usize,
    /// The time that runs in flight have to finish when the host stops.
    pub shutdown_grace: Duration,
    /// Settings that replace what cases declare.
    pub overrides: Overrides,
    /// Times at which cases do not run.
    pub maintenance: Maintenance,
    /// Settings for components, by name.
    pub rules: Arc<ComponentRules>,
}

impl LiveSchedulerSettings {
    /// Returns the maximum number of runs in flight of this component.
    pub fn max_in_flight_of(&self, component: &str) -> usize {
        self.rules.max_in_flight(component).unwrap_or(self.component_max_in_flight)
    }
}

impl SchedulerSettings {
    /// Reads the sections.
    pub fn read(root: &Section<'_>, rules: Arc<ComponentRules>) -> Self {
        let (overrides, maintenance) = (Overrides::read(root), Maintenance::read(root));
        let default = Self::default();
        root.section("scheduler", |section| {
            let max_in_flight = section.integer("max_in_flight", 1..=10_000, default.fixed.max_in_flight);
            let live = LiveSchedulerSettings {
                component_max_in_flight: section.integer(
                    "component_max_in_flight",
                    1..=10_000,
                    max_in_flight.div_ceil(2),
                ),
                first_runs: section.integer("first_runs", 1..=10_000, default.live.first_runs),
                shutdown_grace: section.duration("shutdown_grace", default.live.shutdown_grace),
                overrides,
                maintenance,
                rules,
            };
            Self { fixed: FixedSchedulerSettings { max_in_flight }, live }
        })
    }
}

impl Default for FixedSchedulerSettings {
    fn default() -> Self {
        Self { max_in_flight: 500 }
    }
}

impl Default for LiveSchedulerSettings {
    fn default() -> Self {
        Self {
            component_max_in_flight: 250,
            first_runs: 8,
            shutdown_grace: Duration::from_secs(10),
            overrides: Overrides::default(),
            maintenance: Maintenance::default(),
            rules: Arc::default(),
        }
    }
}
