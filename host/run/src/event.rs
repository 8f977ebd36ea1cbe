//! The stream of events that sinks read: metrics, log, history and pages. Emitters do not depend on sinks.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use orbital_model::{Case, CaseId, Report, SkipReason};

use crate::component::{Component, Unavailable};
use crate::order::Order;
use crate::scheduler::ClockStep;

/// A receiver of events.
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
        /// The digest of the version that it replaced.
        replaced: Option<String>,
        /// The duration of the load.
        took: Duration,
    },
    /// The file of a component, which had failed to load, has the content of the running version again.
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
        /// The error message.
        error: String,
        /// The digest of the version that keeps running.
        kept: Option<String>,
    },
    /// A component's file was removed.
    Removed {
        /// The component's name.
        component: String,
    },
    /// The directory of components does not show what is deployed; deployed components keep running.
    DirectoryLost(Unavailable),
    /// The directory of components can be read again.
    DirectoryFound {
        /// The path of the directory.
        path: PathBuf,
    },
    /// The deployed cases, or the settings for them, have changed.
    Scheduled {
        /// All cases as they will run, ordered by id.
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
        /// The case.
        case: CaseId,
        /// The reason why the runs did not start.
        reason: SkipReason,
        /// The number of runs that did not start.
        count: u64,
        /// The operator's reason, if the case is paused.
        detail: Option<String>,
    },
}
