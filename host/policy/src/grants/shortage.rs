//! Missing grants: what a component asks for and is not granted.

use std::fmt;

use serde::Serialize;
use utoipa::ToSchema;

use crate::grants::{HostPattern, TargetReach};

/// Missing grants, shown with what to add to the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Shortage {
    #[serde(skip)]
    pub(super) component: String,
    pub(super) targets: Vec<TargetReach>,
    #[schema(value_type = Vec<String>)]
    pub(super) hosts: Vec<HostPattern>,
    /// The names of the missing configuration values.
    pub(super) config: Vec<String>,
    pub(super) metrics: bool,
}

impl Shortage {
    pub(super) fn is_none(&self) -> bool {
        self.targets.is_empty() && self.hosts.is_empty() && self.config.is_empty() && !self.metrics
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { component, targets, hosts, config, metrics } = self;
        formatter.write_str("it asks for what it is not granted; add to the configuration:")?;
        if !targets.is_empty() || !hosts.is_empty() || *metrics {
            write!(formatter, "\n  [components.{component:?}]")?;
        }
        let list = |items: Vec<String>| items.join(", ");
        if !targets.is_empty() {
            let targets = list(targets.iter().map(ToString::to_string).collect());
            write!(formatter, "\n  targets = [{targets}]")?;
        }
        if !hosts.is_empty() {
            let hosts = list(hosts.iter().map(|host| format!("{:?}", host.text())).collect());
            write!(formatter, "\n  hosts = [{hosts}]")?;
        }
        if *metrics {
            formatter.write_str("\n  metrics = true")?;
        }
        if !config.is_empty() {
            write!(formatter, "\n  [config.{component:?}]")?;
            config.iter().try_for_each(|name| write!(formatter, "\n  {name:?} = \"…\""))?;
        }
        Ok(())
    }
}
