//! Deliveries that came before anybody expected them.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Delivery;

/// Kept deliveries, in the order in which they came. All are kept equally long, so the oldest is always the
/// next to go.
pub(super) struct Early {
    keep_for: Duration,
    most: usize,
    most_bytes: usize,
    bytes: usize,
    count: usize,
    by_key: HashMap<Arc<str>, VecDeque<Delivery>>,
    /// One entry per delivery ever kept. An entry whose delivery was claimed is skipped when its turn comes.
    order: VecDeque<(Instant, Arc<str>)>,
}

impl Early {
    pub(super) fn new(keep_for: Duration, most: usize, most_bytes: usize) -> Self {
        Self {
            keep_for,
            most,
            most_bytes,
            bytes: 0,
            count: 0,
            by_key: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Keeps a delivery; gives back how many older ones had to go.
    pub(super) fn keep(&mut self, key: Arc<str>, delivery: Delivery, now: Instant) -> usize {
        self.bytes += delivery.weight();
        self.count += 1;
        self.by_key.entry(key.clone()).or_default().push_back(delivery);
        self.order.push_back((now, key));
        let mut evicted = 0;
        while self.count > self.most || self.bytes > self.most_bytes || self.order.len() > 2 * self.most + 1 {
            evicted += self.drop_oldest();
        }
        evicted
    }

    /// Takes what was kept for a key, in order.
    pub(super) fn claim(&mut self, key: &str) -> VecDeque<Delivery> {
        let claimed = self.by_key.remove(key).unwrap_or_default();
        self.count -= claimed.len();
        self.bytes -= claimed.iter().map(Delivery::weight).sum::<usize>();
        claimed
    }

    /// Drops what has been kept long enough; gives back how many that were.
    pub(super) fn expire(&mut self, now: Instant) -> usize {
        let mut expired = 0;
        while self.order.front().is_some_and(|(kept, _)| now.duration_since(*kept) >= self.keep_for) {
            expired += self.drop_oldest();
        }
        expired
    }

    /// Keys of what was kept since then, newest first.
    pub(super) fn keys_since(&self, since: Instant) -> impl Iterator<Item = &str> {
        self.order
            .iter()
            .rev()
            .take_while(move |(kept, _)| *kept >= since)
            .map(|(_, key)| key.as_ref())
            .filter(|key| self.by_key.contains_key(*key))
    }

    /// Drops the delivery of the oldest entry, if it is still here.
    fn drop_oldest(&mut self) -> usize {
        let Some((kept, key)) = self.order.pop_front() else { return 0 };
        let Some(queue) = self.by_key.get_mut(&key) else { return 0 };
        // The key may have been claimed and then kept anew: a younger delivery is not this entry's.
        let Some(delivery) = queue.pop_front_if(|delivery| delivery.received <= kept) else { return 0 };
        if queue.is_empty() {
            self.by_key.remove(&key);
        }
        self.bytes -= delivery.weight();
        self.count -= 1;
        1
    }
}
