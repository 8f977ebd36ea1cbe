//! The operator's grants to components.

use orbital_config::Section;
use serde::Serialize;
use utoipa::ToSchema;

use crate::grants::{HostPattern, TargetReach, Wildcard};
use crate::targets::TargetsSettings;

/// The grants of a component. By default, nothing is granted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Grants {
    /// The granted requests to targets.
    pub targets: Vec<TargetReach>,
    /// The granted hosts other than targets, for `wasi:http`.
    pub hosts: Vec<HostGrant>,
    /// Whether the component may record its own metrics.
    pub metrics: bool,
}

/// Hosts that a component may reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HostGrant {
    /// The pattern of the hosts.
    #[schema(value_type = String)]
    pub pattern: HostPattern,
    /// Whether the hosts may be on the operator's own network.
    pub private: bool,
}

impl Grants {
    /// Reads the grants of a section `[components."PATTERN"]`; the named targets must be among these.
    pub fn read(section: &Section<'_>, targets: &TargetsSettings) -> Self {
        let targets = TargetReach::read_list(section, |name| match name {
            "" => Err("is empty; write the name of a target, or `*` for all".to_owned()),
            name if name.contains('*') || targets.0.contains_key(name) => Ok(Wildcard::new(name)),
            name => Err(format!("there is no target `{name}`; {}", targets.describe())),
        });
        let hosts = section.texts("hosts", HostPattern::parse);
        let private = section.optional_boolean("private_hosts").unwrap_or(false);
        if section.has("private_hosts") && !section.has("hosts") {
            section.mistake_at("private_hosts", "is about the `hosts` of this section, and there are none");
        }
        let hosts = hosts.into_iter().map(|pattern| HostGrant { pattern, private }).collect();
        Self { targets, hosts, metrics: section.optional_boolean("metrics").unwrap_or(false) }
    }

    /// Adds further grants.
    pub fn add(&mut self, more: &Self) {
        self.targets.extend_from_slice(&more.targets);
        self.hosts.extend_from_slice(&more.hosts);
        self.metrics |= more.metrics;
    }
}
