//! What the outside is told: one stream of events, and sinks that read it.
//!
//! No sink blocks the one who emits. The rooms that emit know none of the sinks.

mod console;
mod exposition;
mod journal;
mod live;
pub(crate) mod log;
mod metrics;
mod settings;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use orbital_model::{Report, SkipReason};

pub use console::Console;
pub use journal::Journal;
pub use live::{Change, Live};
pub use metrics::MetricsSink;
pub use settings::JournalSettings;

use crate::history::History;
use crate::registry::{Case, Component, Unavailable};
use crate::runner::Order;

/// Something that the outside may want to know.
pub enum Event {
    /// A component was loaded.
    Loaded {
        /// It.
        component: Arc<Component>,
        /// The digest of the version it took the place of.
        replaced: Option<String>,
        /// How long it took.
        took: Duration,
    },
    /// A file that did not load has the content again that runs all the while.
    Restored {
        /// The component's name.
        component: String,
    },
    /// A file did not load.
    LoadFailed {
        /// The component's name.
        component: String,
        /// The file.
        path: PathBuf,
        /// Why.
        error: String,
        /// The digest of the version that goes on running.
        kept: Option<String>,
    },
    /// A component's file is gone.
    Removed {
        /// Its name.
        component: String,
    },
    /// The directory of components says nothing about what is deployed; deployed components keep running.
    DirectoryLost(Unavailable),
    /// The directory of components can be read again.
    DirectoryFound {
        /// The directory.
        path: PathBuf,
    },
    /// What is deployed, or set for it, has changed: all cases as they are to run from now on.
    Scheduled {
        /// By id.
        cases: Vec<Arc<Case>>,
    },
    /// A run was started.
    RunStarted(Order),
    /// A run has ended.
    RunEnded(Arc<Report>),
    /// A run was due and did not start.
    RunSkipped {
        /// The component's name.
        component: String,
        /// The case's name.
        case: String,
        /// Why.
        reason: SkipReason,
        /// How many.
        count: u64,
        /// The operator's words, if the case is paused.
        detail: Option<String>,
    },
}

/// Hands events to the sinks.
pub struct Reporter {
    metrics: Arc<MetricsSink>,
    journal: Arc<Journal>,
    history: Arc<History>,
    live: Arc<Live>,
    console: Console,
}

impl Reporter {
    /// With these sinks, and the log.
    pub fn new(
        metrics: Arc<MetricsSink>,
        journal: Arc<Journal>,
        history: Arc<History>,
        live: Arc<Live>,
        console: Console,
    ) -> Self {
        Self { metrics, journal, history, live, console }
    }

    /// Tells the sinks. Never blocks.
    pub fn emit(&self, event: &Event) {
        self.metrics.record(event);
        let weight = match event {
            Event::RunEnded(report) => report.weight(),
            _ => 0,
        };
        let consequences = self.journal.record(event, weight);
        self.history.record(event, weight);
        log::record(event, consequences);
        self.console.record(event);
        // The last one: whoever is told looks at what the others have.
        self.live.record(event);
    }
}
