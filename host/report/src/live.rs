//! What just changed, for those who look at it while it happens.

use std::sync::Arc;

use orbital_run::event::Event;
use tokio::sync::broadcast;
use uuid::Uuid;

/// Changes that somebody may be behind; whoever is further behind looks at everything again.
const QUEUE: usize = 256;

/// A case of which something is different now.
#[derive(Debug, Clone)]
pub struct Change {
    /// Its id.
    pub case_id: String,
    /// The run that began or ended, if it is about one.
    pub run: Option<Uuid>,
}

/// Tells whoever listens of changes.
pub struct Live(broadcast::Sender<Change>);

impl Live {
    /// With nobody listening.
    pub fn new() -> Arc<Self> {
        Arc::new(Self(broadcast::Sender::new(QUEUE)))
    }

    /// What changes from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }

    /// Passes on an event about a case. Never blocks, and does nothing while nobody listens.
    pub(super) fn record(&self, event: &Event) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let change = match event {
            Event::RunStarted(order) => Change { case_id: order.case.id.clone(), run: Some(order.run) },
            Event::RunEnded(report) => Change { case_id: report.case_id(), run: Some(report.run) },
            Event::RunSkipped { component, case, .. } => {
                Change { case_id: format!("{component}/{case}"), run: None }
            }
            // Whoever looks at what is deployed watches that itself.
            Event::Loaded { .. }
            | Event::Restored { .. }
            | Event::LoadFailed { .. }
            | Event::Removed { .. }
            | Event::DirectoryLost(_)
            | Event::DirectoryFound { .. }
            | Event::ClockSet(_)
            | Event::Scheduled { .. } => return,
        };
        // Whoever listened may be gone by now.
        let _ = self.0.send(change);
    }
}
