//! The current activity of a run.

use std::time::Duration;

use orbital_client::Progress;
use orbital_model::describe::{deliveries, short};
use orbital_model::{Step, StepKind};

use crate::stack_sample::StackSample;

/// The current activity of a run. If the run timed out, this is what it was doing at that time.
#[derive(Debug, Clone)]
pub enum Activity {
    /// Running the test's own code.
    Computing {
        /// Where the guest was seen last, if it computes for a while.
        seen: Option<StackSample>,
    },
    /// Sleeping in `sleep`.
    Sleeping {
        /// The requested duration.
        duration: Duration,
        /// When the call began, since the start of the attempt.
        since: Duration,
    },
    /// Sending a request to a target.
    Sending {
        /// The target's name.
        target: String,
        /// The method.
        method: String,
        /// The path after the target's URL.
        path: String,
        /// When the request began, since the start of the attempt.
        since: Duration,
        /// The progress of the request.
        progress: Progress,
    },
    /// Waiting for deliveries.
    Waiting {
        /// The keys, any of which matches.
        keys: Vec<String>,
        /// The number of deliveries.
        n: u32,
        /// When the call began, since the start of the attempt.
        since: Duration,
    },
}

impl Default for Activity {
    fn default() -> Self {
        Self::Computing { seen: None }
    }
}

impl Activity {
    /// Returns the unfinished step, if the attempt ends now.
    pub(super) fn cut_short(&self, now: Duration) -> Option<Step> {
        let (since, what) = match self {
            Self::Computing { .. } => return None,
            Self::Sleeping { duration, since } => {
                (*since, StepKind::CutShort { call: format!("sleep of {}", short(*duration)) })
            }
            Self::Waiting { keys, n, since, .. } => {
                (*since, StepKind::CutShort { call: format!("wait for {}", deliveries(*n, keys)) })
            }
            // Recorded like any other request, so that a target that hangs is visible where requests are counted.
            Self::Sending { target, method, path, since, .. } => {
                let send = StepKind::Send {
                    target: target.clone(),
                    method: method.clone(),
                    path: path.clone(),
                    key: None,
                    body: String::new(),
                    status: None,
                    phases: None,
                    answer: None,
                    error: Some("none had come when the attempt ended".to_owned()),
                };
                (*since, send)
            }
        };
        Some(Step { at: since, took: Some(now.saturating_sub(since)), what })
    }
}
