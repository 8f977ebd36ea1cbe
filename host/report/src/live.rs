//! Live updates of cases, for pages that are open.

use std::sync::Arc;

use orbital_model::CaseId;
use orbital_run::event::Event;
use tokio::sync::broadcast;
use uuid::Uuid;

/// The number of changes that a subscriber may be behind. A subscriber that is further behind reads everything again.
const QUEUE: usize = 256;

/// A change of a case.
#[derive(Debug, Clone)]
pub struct LiveUpdate {
    /// The case.
    pub case: CaseId,
    /// The run that began or ended, if the change is about one.
    pub run: Option<Uuid>,
}

/// Broadcasts changes to subscribers.
pub struct Live(broadcast::Sender<LiveUpdate>);

impl Live {
    /// Creates a broadcast without subscribers.
    pub fn new() -> Arc<Self> {
        Arc::new(Self(broadcast::Sender::new(QUEUE)))
    }

    /// Returns a receiver of changes that occur after this call.
    pub fn subscribe(&self) -> broadcast::Receiver<LiveUpdate> {
        self.0.subscribe()
    }

    /// Broadcasts an event about a case. Never blocks, and does nothing without subscribers.
    pub(super) fn record(&self, event: &Event) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let change = match event {
            Event::RunStarted(order) => LiveUpdate { case: order.case.id.clone(), run: Some(order.run) },
            Event::RunEnded(report) => LiveUpdate { case: report.case.clone(), run: Some(report.run) },
            Event::RunSkipped { case, .. } => LiveUpdate { case: case.clone(), run: None },
            // Subscribers that show deployed components watch these themselves.
            Event::Loaded { .. }
            | Event::Restored { .. }
            | Event::LoadFailed { .. }
            | Event::Removed { .. }
            | Event::DirectoryLost(_)
            | Event::DirectoryFound { .. }
            | Event::ClockSet(_)
            | Event::Scheduled { .. } => return,
        };
        // The subscribers may be gone by now.
        let _ = self.0.send(change);
    }
}
