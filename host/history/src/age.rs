//! The clock that determines the age of runs.

use std::time::{Instant, SystemTime};

/// The maximum speed of this clock relative to real time. It is needed to catch up with a wall clock that is ahead, for
/// example after a period in which no host ran.
const CATCH_UP: u32 = 2;

/// A clock that follows the wall clock, and advances at most twice as fast as real time.
///
/// Runs that are too old are deleted permanently, so a wall clock that jumps must not make any run old: one that is 40
/// days ahead for 4 s makes runs 8 s older. The clock is preserved across restarts, because a host may start with a
/// wrong wall clock.
#[derive(Debug)]
pub(super) struct AgeClock {
    time: SystemTime,
    /// The monotonic time at which `time` was valid.
    at: Instant,
}

impl AgeClock {
    pub(super) fn new(time: SystemTime, at: Instant) -> Self {
        Self { time, at }
    }

    /// Returns the time to start from when the database is opened next.
    pub(super) fn time(&self) -> SystemTime {
        self.time
    }

    /// Returns the time from which ages are measured now. It is never later than the wall clock.
    pub(super) fn advance(&mut self, wall: SystemTime, at: Instant) -> SystemTime {
        let passed = at.saturating_duration_since(self.at);
        let most = self.time.checked_add(passed.saturating_mul(CATCH_UP)).unwrap_or(self.time);
        self.time = self.time.max(wall.min(most));
        self.at = at;
        self.time.min(wall)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn a_clock_that_is_right_is_followed() {
        let (wall, at) = (SystemTime::now(), Instant::now());
        let mut clock = AgeClock::new(wall, at);
        for seconds in [1, 10, 20, 3600] {
            let passed = Duration::from_secs(seconds);
            assert_eq!(clock.advance(wall + passed, at + passed), wall + passed);
        }
    }

    #[test]
    fn a_jump_ahead_and_back_makes_nothing_old() {
        let (wall, at) = (SystemTime::now(), Instant::now());
        let (four, eight) = (Duration::from_secs(4), Duration::from_secs(8));
        let mut clock = AgeClock::new(wall, at);
        assert_eq!(clock.advance(wall + 40 * DAY + four, at + four), wall + eight);
        assert_eq!(clock.advance(wall + four, at + four), wall + four, "never after the wall clock");
        assert_eq!(clock.advance(wall - 40 * DAY, at + four), wall - 40 * DAY);
        assert_eq!(clock.advance(wall + eight, at + eight), wall + eight);
    }

    #[test]
    fn after_a_time_without_a_host_it_catches_up() {
        let (wall, at) = (SystemTime::now(), Instant::now());
        let mut clock = AgeClock::new(wall - 10 * DAY, at);
        assert_eq!(clock.advance(wall, at), wall - 10 * DAY, "the wall clock may be wrong");
        assert_eq!(clock.advance(wall + 4 * DAY, at + 4 * DAY), wall - 2 * DAY);
        assert_eq!(clock.advance(wall + 10 * DAY, at + 10 * DAY), wall + 10 * DAY);
    }

    proptest! {
        #[test]
        fn whatever_the_wall_clock_says_runs_age_at_most_twice_as_fast_as_time(
            steps in prop::collection::vec((0_u64..100_000, 0_u64..4_000_000_000), 1..50)
        ) {
            let (start, mut at) = (SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000), Instant::now());
            let began = at;
            let mut clock = AgeClock::new(start, at);
            for (passed, wall) in steps {
                at += Duration::from_secs(passed);
                let now = clock.advance(SystemTime::UNIX_EPOCH + Duration::from_secs(wall), at);
                prop_assert!(now <= start + CATCH_UP * (at - began));
            }
        }
    }
}
