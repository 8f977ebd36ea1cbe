//! What runs are given: the sections `[limits]` and `[config.COMPONENT]`, and `environment`.

use orbital_config::Section;
use orbital_model::Case;

use crate::grants::Manifest;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::grants::Access;
use crate::limits::Limits;
use crate::rules::ComponentRules;

/// What runs are given.
#[derive(Debug, Clone, Default)]
pub struct RunSettings {
    /// The operator's name for where the host runs.
    pub environment: String,
    /// What a run may use, where nothing else is set for its component.
    pub limits: Limits,
    /// What is set for components by name.
    pub rules: Arc<ComponentRules>,
    /// Names and values for each component.
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

    /// What a run of this component may use.
    pub fn limits_of(&self, component: &str) -> Limits {
        self.rules.limits(component, self.limits)
    }

    /// Returns what a component with this manifest may reach.
    pub fn access_of(&self, component: &str, manifest: Option<Arc<Manifest>>) -> Access {
        Access::new(component, self.rules.grants(component), manifest)
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
