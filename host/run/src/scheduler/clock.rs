//! Steps of the wall clock, which an operator or a time server sets.

use std::time::Duration;

/// Smaller differences are caused by gradual adjustments of the clock, and by the time between two readings.
const SMALLEST_STEP: Duration = Duration::from_secs(1);

/// The amount by which the wall clock was set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockStep {
    /// The clock was set forwards.
    Ahead(Duration),
    /// The clock was set backwards.
    Back(Duration),
}

/// Compares the wall clock with a monotonic one.
#[derive(Debug, Default)]
pub struct ClockWatch {
    /// The times of both clocks at the last comparison.
    last: Option<(Duration, Duration)>,
}

impl ClockWatch {
    /// Returns how far the wall clock was set since the last call. `running` is a monotonic clock that includes times
    /// in which the machine was suspended, so these are not steps.
    pub fn compare(&mut self, wall: Duration, running: Duration) -> Option<ClockStep> {
        let (last_wall, last_running) = self.last.replace((wall, running))?;
        // The time of the wall clock if it had not been set.
        let expected = last_wall + running.saturating_sub(last_running);
        if wall >= expected + SMALLEST_STEP {
            return Some(ClockStep::Ahead(wall - expected));
        }
        (expected >= wall + SMALLEST_STEP).then(|| ClockStep::Back(expected - wall))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_that_passes_is_no_step_and_a_clock_that_is_set_is_one() {
        let seconds = Duration::from_secs;
        let mut watch = ClockWatch::default();
        assert_eq!(watch.compare(seconds(1000), seconds(10)), None);
        assert_eq!(watch.compare(seconds(1001), seconds(11)), None);
        assert_eq!(watch.compare(seconds(4601), seconds(3611)), None, "suspended for an hour");
        assert_eq!(watch.compare(seconds(8202), seconds(3612)), Some(ClockStep::Ahead(seconds(3600))));
        assert_eq!(watch.compare(seconds(8203), seconds(3613)), None);
        assert_eq!(watch.compare(seconds(1), seconds(3614)), Some(ClockStep::Back(seconds(8203))));
        let slewed = Duration::from_millis(1900);
        assert_eq!(watch.compare(seconds(1) + slewed, seconds(3615)), None);
    }
}
