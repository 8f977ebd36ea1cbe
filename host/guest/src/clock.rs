//! The time and the chance that one run sees.

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
    /// Starts now.
    pub fn start() -> Self {
        Self { started: Instant::now(), started_at: SystemTime::now() }
    }

    /// Since the start.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Since the Unix epoch.
    pub fn now(&self) -> Duration {
        let started = self.started_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        started + self.elapsed()
    }

    /// The start.
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

/// A run's random numbers: cryptographically strong, from a seed that is the run's alone.
pub(super) fn random() -> StdRng {
    StdRng::from_rng(&mut rand::rng())
}
