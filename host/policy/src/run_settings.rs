//! Settings of runs: the sections `[limits]` and `[config.COMPONENT]`, and `environment`.

use orbital_config::Section;
use orbital_model::Case;

use crate::grants::Manifest;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::grants::Access;
use crate::limits::Limits;
use crate::rules::ComponentRules;

/// Settings of all runs.
#[derive(Debug, Clone, Default)]
pub struct RunSettings {
    /// The name of the environment in which the host runs, chosen by the operator.
    pub environment: String,
    /// The limits of a run, unless others are set for its component.
    pub limits: Limits,
    /// The rules for components by name.
    pub rules: Arc<ComponentRules>,
    /// The configuration values of each component, by name.
    pub config: BTreeMap<String, Arc<BTreeMap<String, String>>>,
}

impl RunSettings {
    /// Reads the settings.
    pub fn read(root: &Section<'_>, rules: Arc<ComponentRules>) -> Self {
        let config = root.tables_of_strings("config");
        Self {
            environment: root.string_or("environment", ""),
            limits: root.section("limits", Limits::read),
            rules,
            config: config
                .into_iter()
                .map(|(component, values)| (component, Arc::new(values.into_iter().collect())))
                .collect(),
        }
    }

    /// Returns the limits for a run of this component.
    pub fn limits_of(&self, component: &str) -> Limits {
        self.rules.limits(component, self.limits)
    }

    /// Returns what a component with this manifest may reach.
    pub fn access_of(&self, component: &str, manifest: Option<Arc<Manifest>>) -> Access {
        Access::new(component, self.rules.grants(component), manifest)
    }

    /// Returns the configuration values for a case: those of `[config.COMPONENT]`; overrides take precedence.
    pub fn config_of(&self, component: &str, case: &Case) -> Arc<BTreeMap<String, String>> {
        match self.config.get(component) {
            None => case.config.clone(),
            Some(config) if case.config.is_empty() => config.clone(),
            Some(config) => {
                let values = config.iter().chain(case.config.iter());
                Arc::new(values.map(|(name, value)| (name.clone(), value.clone())).collect())
            }
        }
    }
}
