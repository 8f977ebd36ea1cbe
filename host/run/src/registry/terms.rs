//! What loading depends on beside the file.

use std::collections::BTreeSet;

use orbital_policy::grants::Shortage;
use orbital_policy::run_settings::RunSettings;

use crate::component::Component;
use crate::scheduler::Overrides;

/// What the operator sets that decides whether a component is taken, and how.
#[derive(Debug, Clone, Default)]
pub struct Terms {
    /// Limits, grants and configuration values.
    pub runner: RunSettings,
    /// Configuration values, by case.
    pub overrides: Overrides,
}

impl Terms {
    /// What a component asks for and is not granted. A configuration value is granted if it is set for one of the cases.
    pub fn shortage(&self, component: &Component) -> Option<Shortage> {
        let config = self.config_names(component);
        component.access(&self.runner).shortage(|name| config.contains(name))
    }

    /// The names of the configuration values that are set for one of its cases or more.
    pub fn config_names(&self, component: &Component) -> BTreeSet<String> {
        let set_for = |case| self.runner.config_of(&component.name, &self.overrides.apply(case));
        component.cases.iter().flat_map(|case| set_for(case).keys().cloned().collect::<Vec<_>>()).collect()
    }
}
