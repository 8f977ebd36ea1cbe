//! Settings that loading depends on, in addition to the file.

use std::collections::BTreeSet;

use orbital_policy::grants::Shortage;
use orbital_policy::run_settings::RunSettings;

use crate::component::Component;
use crate::scheduler::Overrides;

/// Settings of the operator that decide whether a component is accepted, and how it is loaded.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Limits, grants and configuration values.
    pub runner: RunSettings,
    /// Overrides, with configuration values by case.
    pub overrides: Overrides,
}

impl Policy {
    /// Returns what a component requests and is not granted, if anything. A configuration value is granted if it is set
    /// for one of the cases.
    pub fn shortage(&self, component: &Component) -> Option<Shortage> {
        let config = self.config_names(component);
        component.access(&self.runner).shortage(|name| config.contains(name))
    }

    /// Returns the names of the configuration values that are set for at least one of the component's cases.
    pub fn config_names(&self, component: &Component) -> BTreeSet<String> {
        let set_for = |case| self.runner.config_of(&component.name, &self.overrides.apply(case));
        component.cases.iter().flat_map(|case| set_for(case).keys().cloned().collect::<Vec<_>>()).collect()
    }
}
