//! The operator's rules for components by name: the sections `[components."PATTERN"]`.

use orbital_config::Section;
use orbital_model::Pattern;

use crate::grants::Grants;
use crate::limits::{LimitChanges, Limits};
use crate::targets::TargetsSettings;

/// All rules, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComponentRules(Vec<ComponentRule>);

/// The settings for the components whose name matches.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ComponentRule {
    components: Pattern,
    limits: LimitChanges,
    max_in_flight: Option<usize>,
    max_rate: Option<usize>,
    grants: Grants,
}

impl ComponentRules {
    /// Reads the tables of `[components]` that are not settings of the registry; the named targets must be among these.
    pub fn read(section: &Section<'_>, targets: &TargetsSettings) -> Self {
        Self(section.other_sections(|pattern, section| ComponentRule::read(pattern, section, targets)))
    }

    /// Returns the limits for a run of this component: if several rules set the same limit, the last one wins.
    pub fn limits(&self, component: &str, general: Limits) -> Limits {
        let mut limits = general;
        for rule in self.matching(component) {
            rule.limits.apply(&mut limits);
        }
        limits
    }

    /// Returns how many runs of this component may be in flight, if a rule sets it.
    pub fn max_in_flight(&self, component: &str) -> Option<usize> {
        self.matching(component).filter_map(|rule| rule.max_in_flight).last()
    }

    /// Returns how many times per second the component's cases may be due, if a rule sets it.
    pub fn max_rate(&self, component: &str) -> Option<usize> {
        self.matching(component).filter_map(|rule| rule.max_rate).last()
    }

    /// Returns the grants of this component, from all rules together.
    pub fn grants(&self, component: &str) -> Grants {
        let mut grants = Grants::default();
        for rule in self.matching(component) {
            grants.add(&rule.grants);
        }
        grants
    }

    fn matching(&self, component: &str) -> impl Iterator<Item = &ComponentRule> {
        self.0.iter().filter(move |rule| rule.components.matches(component))
    }
}

impl ComponentRule {
    fn read(pattern: &str, section: &Section<'_>, targets: &TargetsSettings) -> Option<Self> {
        let limits = section.section("limits", LimitChanges::read);
        let max_in_flight = section.optional_integer("max_in_flight", 1..=10_000);
        let max_rate = section.optional_integer("max_rate", 1..=1_000_000);
        let grants = Grants::read(section, targets);
        match Pattern::parse(pattern) {
            Ok(components) => Some(Self { components, limits, max_in_flight, max_rate, grants }),
            Err(reason) => {
                section.mistake(reason);
                None
            }
        }
    }
}
