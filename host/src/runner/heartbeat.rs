//! Whether the host itself stood still: suspended, stopped, or starved of CPU.
//!
//! A test must not be blamed for time that nobody had.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// From one beat to the next.
const BEAT: Duration = Duration::from_millis(100);

/// Beats that are further apart mean that the host stood still. Far above what a loaded machine does.
const STANDSTILL: Duration = Duration::from_secs(1);

/// A thread of its own that notices when it did not get to run.
pub(super) struct Heartbeat(Option<Arc<Mutex<Beats>>>);

#[derive(Debug, Clone, Copy)]
struct Beats {
    last: Instant,
    /// When the last standstill ended, and how long it was.
    standstill: Option<(Instant, Duration)>,
}

impl Heartbeat {
    /// Starts the thread. It ends after this is dropped. Without it (the system gives us no thread) a
    /// standstill is not noticed.
    pub(super) fn start() -> Self {
        let beats = Arc::new(Mutex::new(Beats { last: Instant::now(), standstill: None }));
        let watched = Arc::downgrade(&beats);
        let thread = std::thread::Builder::new().name("heartbeat".to_owned()).spawn(move || beat(&watched));
        match thread {
            Ok(_) => Self(Some(beats)),
            Err(error) => {
                tracing::warn!(%error, "no thread for the heartbeat: a standstill of the host will not be noticed");
                Self(None)
            }
        }
    }

    /// How long the host stood still, if it did at any time since then.
    pub(super) fn standstill_since(&self, since: Instant) -> Option<Duration> {
        let beats = *self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        beats.standstill_since(since, Instant::now())
    }
}

impl Beats {
    fn beat(&mut self, now: Instant) {
        let gap = now.duration_since(self.last);
        if gap >= STANDSTILL {
            self.standstill = Some((now, gap));
        }
        self.last = now;
    }

    fn standstill_since(&self, since: Instant, now: Instant) -> Option<Duration> {
        // It may be over and the next beat still to come.
        let open = Some(now.duration_since(self.last)).filter(|gap| *gap >= STANDSTILL);
        let over = self.standstill.filter(|(end, _)| *end >= since).map(|(_, gap)| gap);
        open.or(over)
    }
}

fn beat(beats: &Weak<Mutex<Beats>>) {
    while let Some(beats) = beats.upgrade() {
        beats.lock().unwrap_or_else(PoisonError::into_inner).beat(Instant::now());
        drop(beats);
        std::thread::sleep(BEAT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standstill_is_noticed_while_it_ends_and_afterwards() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut beats = Beats { last: start, standstill: None };
        assert_eq!(beats.standstill_since(start, at(999)), None);
        assert_eq!(beats.standstill_since(start, at(60_000)), Some(Duration::from_secs(60)));
        beats.beat(at(60_000));
        beats.beat(at(60_100));
        assert_eq!(beats.standstill_since(start, at(60_100)), Some(Duration::from_secs(60)));
        assert_eq!(beats.standstill_since(at(60_050), at(60_100)), None, "it began later");
    }
}
