//! Events in the host's own log. A case that goes down or comes up again stands out there; runs that change
//! nothing are not in it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::{Event, Outcome, Report};
use crate::registry::Component;

/// Writes events to the log.
#[derive(Default)]
pub struct LogSink {
    /// Whether each case that is deployed was up when its last run ended, and since when.
    cases: Mutex<HashMap<String, Option<State>>>,
}

#[derive(Clone, Copy)]
struct State {
    up: bool,
    since: SystemTime,
}

impl LogSink {
    pub(super) fn record(&self, event: &Event) {
        match event {
            Event::Loaded { component, replaced, took } => {
                self.deploy(component);
                let cases: Vec<&str> = component.cases.iter().map(|case| case.name.as_str()).collect();
                tracing::info!(
                    component = %component.name,
                    digest = %short(&component.digest),
                    replaced = replaced.as_deref().map(short),
                    ?took,
                    cases = %cases.join(", "),
                    "loaded"
                );
            }
            Event::LoadFailed { component, path, error, kept } => {
                let goes_on = match kept {
                    Some(digest) => format!("; the last good version ({}) goes on running", short(digest)),
                    None => String::new(),
                };
                let error = one_line(error);
                tracing::error!(%component, path = %path.display(), "did not load: {error}{goes_on}");
            }
            Event::Restored { component } => {
                tracing::info!(%component, "its file is the running version again");
            }
            Event::Removed { component } => {
                self.cases().retain(|id, _| !is_of(id, component));
                tracing::info!(%component, "removed");
            }
            Event::RunSkipped { component, case, reason, count } => {
                tracing::debug!(case = %format_args!("{component}/{case}"), reason = reason.name(), count, "skipped");
            }
            Event::RunEnded(report) => self.run_ended(report),
        }
    }

    fn run_ended(&self, report: &Report) {
        let up = match report.outcome {
            Outcome::Pass => true,
            Outcome::Fail | Outcome::Timeout | Outcome::Error => false,
            Outcome::Cancelled => return,
        };
        let case = report.case_id();
        let now = State { up, since: SystemTime::now() };
        let before = match self.cases().get_mut(&case) {
            // A run may end after its case is gone.
            None => return,
            Some(Some(state)) if state.up == up => return,
            Some(state) => state.replace(now),
        };
        let lasted = before.and_then(|before| now.since.duration_since(before.since).ok());
        let lasted =
            lasted.map(|lasted| humantime::format_duration(std::time::Duration::from_secs(lasted.as_secs())));
        match (up, lasted) {
            (true, None) => tracing::info!(%case, "up"),
            (true, Some(down_for)) => tracing::warn!(%case, %down_for, "UP again"),
            (false, up_for) => {
                let reason = report.attempts.last().and_then(|attempt| attempt.messages.first());
                let reason = reason.and_then(|reason| reason.lines().next()).unwrap_or_default();
                let up_for = up_for.map(tracing::field::display);
                tracing::error!(%case, outcome = report.outcome.name(), run = %report.run, up_for, "DOWN: {reason}");
            }
        }
    }

    /// Cases that another version has too keep their state.
    fn deploy(&self, component: &Component) {
        let mut cases = self.cases();
        cases
            .retain(|id, _| !is_of(id, &component.name) || component.cases.iter().any(|case| case.id == *id));
        for case in &component.cases {
            cases.entry(case.id.clone()).or_default();
        }
    }

    fn cases(&self) -> std::sync::MutexGuard<'_, HashMap<String, Option<State>>> {
        self.cases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What collects logs reads line by line.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a case's id is of this component.
fn is_of(case_id: &str, component: &str) -> bool {
    case_id.split_once('/').is_some_and(|(of, _)| of == component)
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
