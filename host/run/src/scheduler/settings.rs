//! The sections `[scheduler]`, `[[override]]` and `[[maintenance]]`.

use std::sync::Arc;
use std::time::Duration;

use orbital_config::Section;
use orbital_policy::rules::ComponentRules;

use crate::scheduler::{Maintenance, Overrides};

/// How much runs at once.
#[derive(Debug, Clone)]
pub struct SchedulerSettings {
    /// How many runs may be in flight over all.
    pub max_in_flight: usize,
    /// How many of one component, where nothing else is set for it.
    pub component_max_in_flight: usize,
    /// How many first runs after a deploy may be in flight over all.
    pub first_runs: usize,
    /// How long runs in flight may go on when the host stops.
    pub shutdown_grace: Duration,
    /// What is set for cases in place of what they declare.
    pub overrides: Overrides,
    /// When cases do not run.
    pub maintenance: Maintenance,
    /// What is set for components by name.
    pub rules: Arc<ComponentRules>,
}

impl SchedulerSettings {
    /// How many runs of this component may be in flight.
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
