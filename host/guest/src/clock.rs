//! The clock and the random numbers of one run.

use std::time::{Duration, SystemTime};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use tokio::time::Instant;
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// A run's clock. Its wall time is read once, at the start, and then follows the monotonic clock: it never
/// jumps while the run lasts.
#[derive(Debug, Clone, Copy)]
pub struct RunClock {
    started: Instant,
    started_at: SystemTime,
}

impl RunClock {
    /// Returns a clock that starts now.
    pub fn start() -> Self {
        Self { started: Instant::now(), started_at: SystemTime::now() }
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Returns the time since the Unix epoch.
    pub fn now(&self) -> Duration {
        let started = self.started_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        started + self.elapsed()
    }

    /// Returns the moment of the start.
    pub fn started(&self) -> Instant {
        self.started
    }
}

impl HostWallClock for RunClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(1)
    }

    fn now(&self) -> Duration {
        RunClock::now(self)
    }
}

impl HostMonotonicClock for RunClock {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        u64::try_from(self.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// Returns a source of random numbers for a run: cryptographically strong, with a seed that no other run has.
pub(super) fn random() -> StdRng {
    StdRng::from_rng(&mut rand::rng())
}
