//! Attempts that are errors of the host, for metrics and `/readyz`.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

/// How long a problem is reported after it occurred.
const RECENT: Duration = Duration::from_secs(60);

/// Attempts that did not pass because the host lacked a resource.
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
        // If code under this lock panics, it never leaves the state half changed.
        let mut state = self.0.lock();
        state.attempts += 1;
        state.last = Some((Instant::now(), what.to_owned()));
    }

    /// Returns the number of these attempts since the host started.
    pub(super) fn attempts(&self) -> u64 {
        self.0.lock().attempts
    }

    /// Returns what the host lacked last, if that was in the last minute.
    pub(super) fn recent(&self) -> Option<String> {
        let state = self.0.lock();
        let recent = state.last.as_ref().filter(|(at, _)| at.elapsed() < RECENT);
        recent.map(|(_, what)| what.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn trouble_is_reported_for_a_minute_and_counted_for_good() {
        let troubles = Troubles::default();
        assert_eq!((troubles.attempts(), troubles.recent()), (0, None));
        troubles.note("no descriptor");
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(troubles.recent().as_deref(), Some("no descriptor"));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((troubles.attempts(), troubles.recent()), (1, None));
    }
}
