//! The pipeline itself: what happens to an event between its arrival and its deliveries.

use std::{error::Error, iter::successors, sync::Arc};

use parking_lot::Mutex;
use serde::Serialize;
use thiserror::Error;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use tokio_util::task::TaskTracker;
use tracing::warn;

pub use crate::courier::{Attempts, CourierError};
use crate::{
    courier::Courier,
    event::{Event, Mistake},
    faults::Faults,
    limits,
    metrics::Metrics,
    route::{Destination, Routes},
    seen::Seen,
};

/// Takes events, and delivers them in the background.
///
/// An event goes to its destinations in the order of the routes, to each once the one before has taken it or was given
/// up. The queue is a semaphore: an event holds one of its permits until the last of its deliveries has ended.
pub struct Pipeline {
    routes: Routes,
    faults: Mutex<Faults>,
    seen: Mutex<Seen>,
    queue: Arc<Semaphore>,
    courier: Courier,
    deliveries: TaskTracker,
    metrics: Metrics,
}

impl Pipeline {
    /// A healthy pipeline with an empty queue.
    pub fn new(routes: Routes, attempts: Attempts) -> Result<Arc<Self>, CourierError> {
        Ok(Arc::new(Self {
            metrics: Metrics::new(&routes),
            routes,
            faults: Mutex::default(),
            seen: Mutex::new(Seen::new(limits::SEEN_IDS)),
            queue: Arc::new(Semaphore::new(limits::QUEUED_EVENTS)),
            courier: Courier::new(attempts)?,
            deliveries: TaskTracker::new(),
        }))
    }

    /// Takes an event, unless there is something wrong with it or with the moment. Its deliveries are on their way when
    /// this returns.
    pub fn accept(self: &Arc<Self>, body: &[u8]) -> Result<Receipt, Refusal> {
        let event = Event::parse(body, &self.routes).map_err(Refusal::Invalid);
        event.and_then(|event| self.take(event)).inspect_err(|_| self.metrics.rejected())
    }

    /// Takes a batch of Segment's tracking API. One that is refused in the middle may come again as it is: what was
    /// accepted of it is a duplicate then.
    pub fn accept_batch(self: &Arc<Self>, body: &[u8]) -> Result<(), Refusal> {
        let events = Event::parse_batch(body, &self.routes).map_err(Refusal::Invalid);
        let taken =
            events.and_then(|events| events.into_iter().try_for_each(|event| self.take(event).map(drop)));
        taken.inspect_err(|_| self.metrics.rejected())
    }

    /// Removes all that is kept of an event; answers whether there was anything. Deliveries on their way are not held up.
    pub fn forget(&self, id: &str) -> bool {
        self.seen.lock().remove(id)
    }

    /// Where events of which type go.
    pub fn routes(&self) -> &Routes {
        &self.routes
    }

    /// The faults that are on.
    pub fn faults(&self) -> Faults {
        self.faults.lock().clone()
    }

    /// Switches faults, for the events that arrive from now on.
    pub fn set_faults(&self, faults: Faults) {
        *self.faults.lock() = faults;
    }

    /// Waits until every delivery has ended; to be called when no event comes any more.
    pub async fn drain(&self) {
        self.deliveries.close();
        self.deliveries.wait().await;
    }

    /// Counts an event that was refused before it got to the pipeline.
    pub(crate) fn count_rejected(&self) {
        self.metrics.rejected();
    }

    /// The page that Prometheus scrapes.
    pub(crate) fn render_metrics(&self) -> String {
        self.metrics.render(limits::QUEUED_EVENTS - self.queue.available_permits())
    }

    fn take(self: &Arc<Self>, event: Event) -> Result<Receipt, Refusal> {
        let faults = self.faults.lock().met_by(&event.kind);
        if faults.stall {
            return Err(Refusal::Stalled);
        }
        if let Some(status) = faults.status {
            return Err(Refusal::Broken(status));
        }
        let slot = {
            // One lock over both steps: of two copies that arrive together one is the duplicate, and an event refused
            // by a full queue may come again.
            let mut seen = self.seen.lock();
            if seen.contains(&event.id) {
                self.metrics.duplicate();
                return Ok(Receipt { id: event.id, duplicate: true });
            }
            let slot = self.queue.clone().try_acquire_owned().map_err(|_| Refusal::Full)?;
            seen.insert(&event.id);
            slot
        };
        if !faults.miscount {
            self.metrics.accepted(&event.kind);
        }
        let receipt = Receipt { id: event.id.clone(), duplicate: false };
        self.process(event, faults, slot);
        Ok(receipt)
    }

    /// Sends an event on its way to each of its destinations.
    fn process(self: &Arc<Self>, event: Event, faults: Faults, slot: OwnedSemaphorePermit) {
        if faults.drop {
            return;
        }
        let pipeline = self.clone();
        self.deliveries.spawn(async move {
            let _slot = slot;
            sleep(faults.delay()).await;
            let mut destinations: Vec<_> = pipeline.routes.destinations(&event.kind).iter().collect();
            if faults.reorder {
                destinations.reverse();
            }
            for destination in destinations {
                let payload = if faults.corrupt {
                    event.damaged_payload(&destination.name)
                } else {
                    event.payload(&destination.name)
                };
                let payload = payload.to_string();
                for _ in 0..faults.copies() {
                    pipeline.deliver(&event.id, &payload, destination).await;
                }
            }
        });
    }

    async fn deliver(&self, id: &str, payload: &str, destination: &Destination) {
        let result = self.courier.deliver(&destination.url, payload).await;
        if let Err(error) = &result {
            let destination = &destination.name;
            warn!(id, destination, "delivery given up: {}", chain(error));
        }
        self.metrics.delivered(&destination.name, result.is_ok());
    }
}

/// The response to an accepted event.
#[derive(Debug, PartialEq, Serialize)]
pub struct Receipt {
    /// The event's id, which the pipeline made where the sender did not.
    pub id: String,
    /// Whether an event of this id came before; this one is not delivered again then.
    pub duplicate: bool,
}

/// Why an event was not accepted.
#[derive(Debug, Error)]
pub enum Refusal {
    /// It can never be accepted as it is.
    #[error("the event is invalid")]
    Invalid(Vec<Mistake>),
    /// It came at a bad moment.
    #[error("the queue is full; try again later")]
    Full,
    /// The fault `status` is on; with this status.
    #[error("the fault `status` is on")]
    Broken(u16),
    /// The fault `stall` is on. The sender is not to be told for as long as it waits.
    #[error("the fault `stall` is on")]
    Stalled,
}

/// An error with all its causes, since an HTTP client's own message does not say why there was no answer.
fn chain(error: &(dyn Error + 'static)) -> String {
    let errors = successors(Some(error), |&error| error.source());
    errors.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
