//! Attempts that are errors of the host, as metrics and `/readyz` have them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long trouble is reported after it happened.
const RECENT: Duration = Duration::from_secs(60);

/// Attempts that did not pass because the host lacked something.
#[derive(Debug, Default)]
pub(super) struct Troubles(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    attempts: u64,
    last: Option<(Instant, String)>,
}

impl Troubles {
    /// Counts an attempt, with what the host lacked.
    pub(super) fn note(&self, what: &str) {
        // Nothing that runs under this lock leaves the state half changed if it panics.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.attempts += 1;
        state.last = Some((Instant::now(), what.to_owned()));
    }

    /// Returns how many attempts there were since the host started.
    pub(super) fn attempts(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).attempts
    }

    /// Returns what the host lacked last, if that was in the last minute.
    pub(super) fn recent(&self) -> Option<String> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = state.last.as_ref().filter(|(at, _)| at.elapsed() < RECENT);
        recent.map(|(_, what)| what.clone())
    }
}
