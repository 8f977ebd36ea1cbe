//! What the operator sets for components by name: the sections `[components."PATTERN"]`.

use globset::{Glob, GlobMatcher};

use crate::config::Section;
use crate::guest::{LimitChanges, Limits};

/// All rules, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct ComponentRules(Vec<ComponentRule>);

/// What is set for the components whose name matches.
#[derive(Debug, Clone)]
struct ComponentRule {
    components: GlobMatcher,
    limits: LimitChanges,
}

impl ComponentRules {
    /// Reads the tables of `[components]` that are no settings of the registry.
    pub fn read(section: &Section<'_>) -> Self {
        Self(section.other_sections(ComponentRule::read))
    }

    /// What a run of this component may use: where several rules set the same, the last one wins.
    pub fn limits(&self, component: &str, general: Limits) -> Limits {
        let mut limits = general;
        for rule in self.matching(component) {
            rule.limits.apply(&mut limits);
        }
        limits
    }

    fn matching(&self, component: &str) -> impl Iterator<Item = &ComponentRule> {
        self.0.iter().filter(move |rule| rule.components.is_match(component))
    }
}

impl ComponentRule {
    fn read(pattern: &str, section: &Section<'_>) -> Option<Self> {
        let limits = section.section("limits", LimitChanges::read);
        match Glob::new(pattern) {
            Ok(glob) => Some(Self { components: glob.compile_matcher(), limits }),
            Err(error) => {
                section.mistake(format!("is not a pattern of components' names: {}", error.kind()));
                None
            }
        }
    }
}
