//! Measured times, and their percentiles.

use std::time::Duration;

use parking_lot::Mutex;
use serde_json::{Value, json};

/// How many times are kept: those of ten minutes at the highest rate that is measured.
const KEPT: usize = 16_000_000;

/// Measured times, in microseconds.
#[derive(Default)]
pub struct Times(Mutex<Vec<u32>>);

impl Times {
    /// Adds a time.
    pub fn add(&self, time: Duration) {
        let mut times = self.0.lock();
        if times.len() < KEPT {
            times.push(u32::try_from(time.as_micros()).unwrap_or(u32::MAX));
        }
    }

    /// Forgets all times.
    pub fn clear(&self) {
        self.0.lock().clear();
    }

    /// Returns percentiles in microseconds. They are `null` if there are no times.
    pub fn percentiles(&self) -> Value {
        let mut times = self.0.lock().clone();
        times.sort_unstable();
        json!({
            "p50": percentile(&times, 0.5),
            "p99": percentile(&times, 0.99),
            "max": times.last(),
        })
    }
}

/// Returns the smallest time that at least this part of them does not exceed.
fn percentile(sorted: &[u32], part: f64) -> Option<u32> {
    let rank = (sorted.len() as f64 * part).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times = Times::default();
        for microseconds in (1..=100).rev() {
            times.add(Duration::from_micros(microseconds));
        }
        assert_eq!(times.percentiles(), json!({ "p50": 50, "p99": 99, "max": 100 }));
        times.clear();
        assert_eq!(times.percentiles(), json!({ "p50": null, "p99": null, "max": null }));
    }
}
