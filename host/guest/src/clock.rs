//! The clock and the random numbers of one run.

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use rand::TryRng;
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

/// A source of random numbers: the thread's, which is cryptographically strong, and which no run can foresee.
pub(super) struct Random;

impl TryRng for Random {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        rand::rng().try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        rand::rng().try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        rand::rng().try_fill_bytes(bytes)
    }
}
