//! The deliveries that a run may receive.

use std::borrow::Cow;
use std::sync::Arc;

/// The separator between a component and a key. Keys cannot contain it, because it is a control character.
const BETWEEN: char = '\0';

/// All deliveries, or only those for one component.
#[derive(Debug, Clone, Default)]
pub struct Scope(Option<Arc<str>>);

impl Scope {
    /// All deliveries.
    pub const ALL: Self = Self(None);

    /// Returns the scope of deliveries for this component.
    pub fn component(name: &str) -> Self {
        Self(Some(name.into()))
    }

    /// Returns a key that is distinct from the same key of another component.
    pub(super) fn scoped<'a>(&self, key: &'a str) -> Cow<'a, str> {
        scoped(self.0.as_deref(), key)
    }

    /// Returns whether a request for this component, or for none, is within this scope.
    pub(super) fn has(&self, component: Option<&str>) -> bool {
        match (&self.0, component) {
            (Some(own), Some(component)) => **own == *component,
            (None, _) | (_, None) => true,
        }
    }
}

/// Returns the component and the key that a scoped key consists of.
pub(super) fn unscoped(scoped: &str) -> (Option<&str>, &str) {
    match scoped.split_once(BETWEEN) {
        Some((component, key)) => (Some(component), key),
        None => (None, scoped),
    }
}

pub(super) fn scoped<'a>(component: Option<&str>, key: &'a str) -> Cow<'a, str> {
    component.map_or(Cow::Borrowed(key), |component| Cow::Owned(format!("{component}{BETWEEN}{key}")))
}
