//! Limits how many names each component looks up at once.
//!
//! A lookup occupies a thread for as long as the system likes, and cannot be cancelled. Lookups of
//! names whose servers do not answer occupy theirs for many seconds, so each component has its own
//! places, and waits only for these.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;

use orbital_model::CaseId;
use parking_lot::Mutex;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};

/// The most names that are looked up at once, for all components.
const PLACES: usize = 128;

/// The most names that one component looks up at once.
const PLACES_PER_COMPONENT: usize = 4;

tokio::task_local! {
    /// The case to which the exchange in this task belongs.
    static CASE: CaseId;
}

/// Runs an exchange for a case: names are looked up in the places of its component.
pub(super) fn on_behalf_of<T>(case: CaseId, exchange: impl Future<Output = T>) -> impl Future<Output = T> {
    CASE.scope(case, exchange)
}

/// The places for lookups.
pub(super) struct Lookups {
    all: Arc<Semaphore>,
    /// The places of the components that are looking up names.
    own: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// The permit to look up one name, until it is dropped.
pub(super) struct Turn {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Default for Lookups {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(PLACES)), own: Mutex::default() }
    }
}

impl Lookups {
    /// Waits for a place of the component to which this task belongs.
    pub(super) async fn turn(&self) -> Result<Turn, AcquireError> {
        // The component's own place comes first, so that waiting for one occupies no place of all components.
        let own = self.own_places().acquire_owned().await?;
        Ok(Turn { _own: own, _all: self.all.clone().acquire_owned().await? })
    }

    fn own_places(&self) -> Arc<Semaphore> {
        let component = CASE.try_with(|case| case.component().to_owned()).unwrap_or_default();
        let mut own = self.own.lock();
        // If a component looks up nothing, all its places are free, so a new set is equivalent.
        own.retain(|_, places| {
            Arc::strong_count(places) > 1 || places.available_permits() < PLACES_PER_COMPONENT
        });
        own.entry(component).or_insert_with(|| Arc::new(Semaphore::new(PLACES_PER_COMPONENT))).clone()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[tokio::test]
    async fn a_component_whose_lookups_do_not_end_delays_no_other() {
        let lookups = Lookups::default();
        let mut held = Vec::new();
        on_behalf_of(CaseId::new("bad", "case"), async {
            for _ in 0..PLACES_PER_COMPONENT {
                held.push(lookups.turn().await.unwrap());
            }
            assert!(lookups.turn().now_or_never().is_none(), "it has more than its places");
        })
        .await;
        on_behalf_of(CaseId::new("good", "case"), async {
            drop(lookups.turn().now_or_never().expect("it waits for another component").unwrap());
        })
        .await;
        held.pop();
        on_behalf_of(CaseId::new("bad", "case"), async {
            assert!(lookups.turn().now_or_never().is_some(), "a place that is free again is not given");
        })
        .await;
        drop(held);
        drop(lookups.turn().await.unwrap());
        assert_eq!(lookups.own.lock().len(), 1, "what nobody needs is kept");
    }
}
