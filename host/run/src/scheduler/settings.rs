//! The sections `[scheduler]`, `[[override]]` and `[[maintenance]]`.

use std::sync::Arc;
use std::time::Duration;

use orbital_config::Section;
use orbital_policy::rules::ComponentRules;

use crate::scheduler::{Maintenance, Overrides};

/// Limits of runs in flight, and settings for cases and components.
#[derive(Debug, Clone)]
pub struct SchedulerSettings {
    /// The maximum number of runs in flight on the host.
    pub max_in_flight: usize,
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

impl SchedulerSettings {
    /// Returns the maximum number of runs in flight of this component.
    pub fn max_in_flight_of(&self, component: &str) -> usize {
        self.rules.max_in_flight(component).unwrap_or(self.component_max_in_flight)
    }

    /// Reads the sections.
    pub fn read(root: &Section<'_>, rules: Arc<ComponentRules>) -> Self {
        let (overrides, maintenance) = (Overrides::read(root), Maintenance::read(root));
        let settings = Self { overrides, maintenance, rules, ..Self::default() };
        root.section("scheduler", |section| settings.read_section(section))
    }

    fn read_section(self, section: &Section<'_>) -> Self {
        let default = &self;
        let max_in_flight = section.integer("max_in_flight", 1..=10_000, default.max_in_flight);
        Self {
            max_in_flight,
            component_max_in_flight: section.integer(
                "component_max_in_flight",
                1..=10_000,
                max_in_flight.div_ceil(2),
            ),
            first_runs: section.integer("first_runs", 1..=10_000, default.first_runs),
            shutdown_grace: section.duration("shutdown_grace", default.shutdown_grace),
            ..self
        }
    }
}

impl Default for SchedulerSettings {
    fn default() -> Self {
        Self {
            max_in_flight: 500,
            component_max_in_flight: 250,
            first_runs: 8,
            shutdown_grace: Duration::from_secs(10),
            overrides: Overrides::default(),
            maintenance: Maintenance::default(),
            rules: Arc::default(),
        }
    }
}
