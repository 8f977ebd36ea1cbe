//! Deliveries that a run could not receive because of limits of the waiter.

use std::ops::AddAssign;

use orbital_model::describe::counted;

/// The number of dropped deliveries, by the limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lost {
    /// Deliveries dropped because the queue of their key was full.
    pub queue_per_key: u64,
    /// Deliveries dropped because the queues of the run were full.
    pub queue_bytes: u64,
    /// Deliveries dropped before a run expected their key. It is unknown which run that would have been.
    pub displaced: u64,
}

impl AddAssign for Lost {
    fn add_assign(&mut self, other: Self) {
        self.queue_per_key += other.queue_per_key;
        self.queue_bytes += other.queue_bytes;
        // All keys lost the same deliveries, or a part of them.
        self.displaced = self.displaced.max(other.displaced);
    }
}

impl Lost {
    /// Returns the problem and the remedy for each limit that was reached.
    pub fn explain(&self) -> Vec<String> {
        let Self { queue_per_key, queue_bytes, displaced } = self;
        let texts = [
            (
                queue_per_key,
                format!(
                    "the webhook dropped {} with a key that this waited for, as too many were waiting already \
                     (`waiter.queue_per_key`); raise the limit, or have the test take them sooner",
                    counted(*queue_per_key, "delivery")
                ),
            ),
            (
                queue_bytes,
                format!(
                    "the webhook dropped {} with a key that this waited for, as those that were waiting already took all \
                     the memory that one run may use (`waiter.queue_bytes`); raise the limit, or have the test take them \
                     sooner",
                    counted(*queue_bytes, "delivery")
                ),
            ),
            (
                displaced,
                format!(
                    "before this expected its key, the webhook dropped {} that no run expected yet (`waiter.early_count`, \
                     `waiter.early_bytes`); raise the limits, or find out who sends them",
                    counted(*displaced, "delivery")
                ),
            ),
        ];
        texts.into_iter().filter(|(count, _)| **count > 0).map(|(_, text)| text).collect()
    }
}
