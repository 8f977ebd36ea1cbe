//! Settings and clients that all runs share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use orbital_client::Client;
use orbital_policy::run_settings::RunSettings;
use orbital_webhook::component_url;
use orbital_webhook::waiter::Scope;

use crate::component::Component;
use crate::terms::Terms;

/// Settings and clients shared by all runs. An attempt keeps those that it started with.
pub struct Provision {
    /// The environment, limits and configuration of runs.
    pub settings: RunSettings,
    /// The URL that the system under test must send deliveries to.
    pub webhook_url: String,
    /// Whether each component has its own URL. If so, its runs get only the deliveries that are sent there.
    pub path_per_component: bool,
    /// The client that sends the runs' requests.
    pub client: Arc<Client>,
}

/// A provision with a number that no other one in this process has.
pub(super) struct Numbered {
    number: u64,
    pub(super) provision: Provision,
}

impl Numbered {
    pub(super) fn new(provision: Provision) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Arc::new(Self { number: NEXT.fetch_add(1, Ordering::Relaxed), provision })
    }

    /// Returns the terms of a component.
    pub(super) fn terms(&self, component: &Component) -> Arc<Terms> {
        component.terms.of(self.number, || self.provision.terms(component))
    }
}

impl Provision {
    fn terms(&self, component: &Component) -> Terms {
        let (webhook_url, scope) = match self.path_per_component {
            true => (component_url(&self.webhook_url, &component.name), Scope::component(&component.name)),
            false => (self.webhook_url.clone(), Scope::ALL),
        };
        Terms {
            limits: self.settings.limits_of(&component.name),
            access: Arc::new(component.access(&self.settings)),
            environment: self.settings.live.environment.as_str().into(),
            webhook_url: webhook_url.into(),
            scope,
        }
    }
}
