//! Durations as seconds in JSON: for serde's `with`.

use std::time::Duration;

use serde::{Serialize as _, Serializer};

/// Serializes a duration as seconds.
pub fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(duration.as_secs_f64())
}

/// Serializes a duration as seconds, or `null`.
pub fn maybe_seconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(|duration| duration.as_secs_f64()).serialize(serializer)
}
