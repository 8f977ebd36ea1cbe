//! What runs are given: the sections `[limits]` and `[config.COMPONENT]`, and `environment`.

use std::collections::BTreeMap;
use std::sync::Arc;

use orbital_config::Section;
use orbital_policy::grants::Access;
use orbital_policy::limits::Limits;
use orbital_policy::rules::ComponentRules;

use crate::registry::{Case, Component};

/// What runs are given.
#[derive(Debug, Clone, Default)]
pub struct RunnerSettings {
    /// The operator's name for where the host runs.
    pub environment: String,
    /// What a run may use, where nothing else is set for its component.
    pub limits: Limits,
    /// What is set for components by name.
    pub rules: Arc<ComponentRules>,
    /// Names and values for each component.
    pub config: BTreeMap<String, Arc<BTreeMap<String, String>>>,
}

impl RunnerSettings {
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

    /// What a run of this component may use.
    pub fn limits_of(&self, component: &str) -> Limits {
        self.rules.limits(component, self.limits)
    }

    /// What a component may reach.
    pub fn access_of(&self, component: &Component) -> Access {
        let manifest = component.metadata.manifest.clone();
        Access::new(&component.name, self.rules.grants(&component.name), manifest)
    }

    /// What is set for a case: by `[config.COMPONENT]`, and over it by overrides.
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
