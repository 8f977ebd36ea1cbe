//! Durations in the units of the contract.

use std::time::Duration;

/// Returns whole milliseconds, rounded up so that a short time does not become zero, and at most the maximum of a
/// `u32`, which is 49 days.
pub(crate) fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX)
}

/// Converts seconds that the host measured. An invalid number becomes zero; the host measures none.
pub(crate) fn from_seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_rounded_up_and_bounded() {
        assert_eq!(milliseconds(Duration::from_millis(250)), 250);
        assert_eq!(milliseconds(Duration::from_micros(1)), 1);
        assert_eq!(milliseconds(Duration::ZERO), 0);
        assert_eq!(milliseconds(Duration::MAX), u32::MAX);
    }

    #[test]
    fn seconds_become_durations() {
        assert_eq!(from_seconds(0.25), Duration::from_millis(250));
        assert_eq!(from_seconds(f64::NAN), Duration::ZERO);
    }
}
