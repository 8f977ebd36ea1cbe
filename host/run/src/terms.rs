//! Settings that apply to all runs of a component, determined once and not for each run.

use std::sync::Arc;

use orbital_policy::grants::Access;
use orbital_policy::limits::Limits;
use orbital_webhook::waiter::Scope;
use parking_lot::Mutex;

/// Settings that apply to all runs of a component.
pub(crate) struct Terms {
    pub(crate) limits: Limits,
    pub(crate) access: Arc<Access>,
    pub(crate) environment: Arc<str>,
    /// The URL for deliveries to the component.
    pub(crate) webhook_url: Arc<str>,
    /// The scope of deliveries that its runs may get.
    pub(crate) scope: Scope,
}

/// The terms of a component, with the number of the settings that they follow from.
#[derive(Default)]
pub(crate) struct KnownTerms(Mutex<Option<(u64, Arc<Terms>)>>);

impl KnownTerms {
    /// Returns the terms that follow from the settings with this number, which are made if they are not known.
    pub(crate) fn of(&self, settings: u64, make: impl FnOnce() -> Terms) -> Arc<Terms> {
        let mut known = self.0.lock();
        match &*known {
            Some((number, terms)) if *number == settings => terms.clone(),
            _ => known.insert((settings, Arc::new(make()))).1.clone(),
        }
    }
}
