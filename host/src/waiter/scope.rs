//! Whose deliveries a run may get.

use std::borrow::Cow;
use std::sync::Arc;

/// Between a component and a key. No key has it: it is a control character.
const BETWEEN: char = '\0';

/// All deliveries, or only those that are for one component.
#[derive(Debug, Clone, Default)]
pub struct Scope(Option<Arc<str>>);

impl Scope {
    /// Whatever comes.
    pub const ALL: Self = Self(None);

    /// What comes for this component.
    pub fn component(name: &str) -> Self {
        Self(Some(name.into()))
    }

    /// How a key is told from the same key of another component.
    pub(super) fn scoped<'a>(&self, key: &'a str) -> Cow<'a, str> {
        scoped(self.0.as_deref(), key)
    }

    /// The key, if it is within this scope.
    pub(super) fn key_of<'a>(&self, scoped: &'a str) -> Option<&'a str> {
        match (&self.0, scoped.split_once(BETWEEN)) {
            (None, None) => Some(scoped),
            (Some(component), Some((of, key))) => (of == &**component).then_some(key),
            (None, Some(_)) | (Some(_), None) => None,
        }
    }
}

pub(super) fn scoped<'a>(component: Option<&str>, key: &'a str) -> Cow<'a, str> {
    component.map_or(Cow::Borrowed(key), |component| Cow::Owned(format!("{component}{BETWEEN}{key}")))
}
