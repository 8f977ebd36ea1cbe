//! The stream of events that sinks read: metrics, log, history and pages. Emitters do not depend on sinks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use orbital_model::{Case, Report, SkipReason};

use crate::component::{Component, Unavailable};
use crate::order::Order;
use crate::scheduler::ClockStep;

/// Receives events.
pub trait EventSink: Send + Sync {
    /// Receives an event. Never blocks.
    fn emit(&self, event: &Event);
}

/// A change of what is deployed, or of a run.
pub enum Event {
    /// A component was loaded.
    Loaded {
        /// The component.
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
    /// The wall clock was set.
    ClockSet(ClockStep),
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
