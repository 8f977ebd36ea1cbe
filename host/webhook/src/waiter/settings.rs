//! The section `[waiter]`: how much is kept, and for how long.

use std::time::Duration;

use orbital_config::Section;

/// Limits on what the waiter keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaiterSettings {
    /// How long a delivery that no run expects is kept for a run that may expect it later.
    pub early_for: Duration,
    /// The maximum number of such deliveries; the oldest is dropped first.
    pub early_count: usize,
    /// The maximum number of bytes of such deliveries.
    pub early_bytes: usize,
    /// How long a key is remembered after its run ended, to distinguish late deliveries from unknown ones.
    pub late_for: Duration,
    /// The maximum number of such keys.
    pub late_count: usize,
    /// The maximum number of deliveries of one key that wait to be taken.
    pub queue_per_key: usize,
    /// The maximum number of bytes of deliveries that wait to be taken by one run.
    pub queue_bytes: usize,
    /// The maximum number of accepted requests, and separately of rejected ones, that are recorded for display; the
    /// oldest is dropped first.
    pub recent_count: usize,
    /// The maximum number of bytes of recorded accepted requests, and separately of rejected ones.
    pub recent_bytes: usize,
}

impl WaiterSettings {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        let default = Self::default();
        Self {
            early_for: section.duration("early_for", default.early_for),
            early_count: section.integer("early_count", 0..=1_000_000, default.early_count),
            early_bytes: section.bytes("early_bytes", 0..=1 << 34, default.early_bytes as u64),
            late_for: section.duration("late_for", default.late_for),
            late_count: section.integer("late_count", 0..=1_000_000, default.late_count),
            queue_per_key: section.integer("queue_per_key", 1..=100_000, default.queue_per_key),
            queue_bytes: section.bytes("queue_bytes", 1024..=1 << 34, default.queue_bytes as u64),
            recent_count: section.integer("recent_count", 0..=100_000, default.recent_count),
            recent_bytes: section.bytes("recent_bytes", 0..=1 << 30, default.recent_bytes as u64),
        }
    }
}

impl Default for WaiterSettings {
    fn default() -> Self {
        Self {
            early_for: Duration::from_secs(10),
            early_count: 10_000,
            early_bytes: 64 << 20,
            late_for: Duration::from_secs(600),
            late_count: 50_000,
            queue_per_key: 256,
            queue_bytes: 64 << 20,
            recent_count: 500,
            recent_bytes: 8 << 20,
        }
    }
}
