//! Settings of runs: the sections `[limits]` and `[config.COMPONENT]`, and `environment`.

use orbital_config::Section;
use orbital_model::{Budget, Case};

use crate::grants::Manifest;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::grants::Access;
use crate::limits::Limits;
use crate::rules::ComponentRules;

/// Settings of all runs.
#[derive(Debug, Clone, Default)]
pub struct RunSettings {
    /// Settings that need a restart.
    pub fixed: FixedRunSettings,
    /// Settings that take effect at once.
    pub live: LiveRunSettings,
}

/// Settings of all runs that need a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FixedRunSettings {
    /// The maximum number of series of the metrics of a component, unless another one is set for the component.
    pub metric_series: u64,
}

/// Settings of all runs that take effect at once.
#[derive(Debug, Clone, Default)]
pub struct LiveRunSettings {
    /// The name of the environment in which the host runs, chosen by the operator.
    pub environment: String,
    /// The limits of a run, unless others are set for its component; without that of metric series, which is fixed.
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
        let mut limits = root.section("limits", Limits::read);
        let fixed = FixedRunSettings { metric_series: limits.of(Budget::MetricSeries) };
        limits.set(Budget::MetricSeries, FixedRunSettings::default().metric_series);
        let live = LiveRunSettings {
            environment: root.string_or("environment", ""),
            limits,
            rules,
            config: config
                .into_iter()
                .map(|(component, values)| (component, Arc::new(values.into_iter().collect())))
                .collect(),
        };
        Self { fixed, live }
    }

    /// Returns the limits for a run of this component.
    pub fn limits_of(&self, component: &str) -> Limits {
        let mut limits = self.live.limits;
        limits.set(Budget::MetricSeries, self.fixed.metric_series);
        self.live.rules.limits(component, limits)
    }

    /// Returns what a component with this manifest may reach.
    pub fn access_of(&self, component: &str, manifest: Option<Arc<Manifest>>) -> Access {
        Access::new(component, self.live.rules.grants(component), manifest)
    }

    /// Returns the configuration values for a case: those of `[config.COMPONENT]`; overrides take precedence.
    pub fn config_of(&self, component: &str, case: &Case) -> Arc<BTreeMap<String, String>> {
        match self.live.config.get(component) {
            None => case.config.clone(),
            Some(config) if case.config.is_empty() => config.clone(),
            Some(config) => {
                let values = config.iter().chain(case.config.iter());
                Arc::new(values.map(|(name, value)| (name.clone(), value.clone())).collect())
            }
        }
    }
}

impl Default for FixedRunSettings {
    fn default() -> Self {
        Self { metric_series: Limits::default().of(Budget::MetricSeries) }
    }
}
