//! Times in UTC as text (RFC 3339).

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use serde::{Deserialize as _, Deserializer, Serializer};

/// Returns a time in UTC to the millisecond, such as `2026-11-23T02:01:46.123Z` (RFC 3339).
pub fn rfc3339(time: SystemTime) -> String {
    format!("{:.3}", Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// Returns a time since the Unix epoch as RFC 3339.
pub fn rfc3339_since_epoch(since: Duration) -> String {
    // The system cannot represent this time, so nothing is due then.
    SystemTime::UNIX_EPOCH.checked_add(since).map(rfc3339).unwrap_or_default()
}

/// Serializes a time as RFC 3339: for serde's `with`.
pub fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*time))
}

/// Deserializes a time from RFC 3339.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    Timestamp::deserialize(deserializer).map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_zone_and_three_digits() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_394_352_030);
        assert_eq!(rfc3339(time), "2026-11-23T00:39:12.030Z");
        assert_eq!(rfc3339_since_epoch(Duration::from_secs(1)), "1970-01-01T00:00:01.000Z");
    }
}
