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
    by_key: HashMap<Arc<str>, VecDeque<Kept>>,
    /// One entry per delivery ever kept. An entry whose delivery was claimed is skipped when its turn comes.
    order: VecDeque<(Instant, Arc<str>)>,
}

/// A delivery, and its number among all that was received.
pub(super) struct Kept {
    pub(super) delivery: Delivery,
    pub(super) number: u64,
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

    /// Keeps a delivery; gives back the numbers of older ones that had to go.
    pub(super) fn keep(&mut self, key: Arc<str>, delivery: Delivery, number: u64, now: Instant) -> Vec<u64> {
        self.bytes += delivery.weight();
        self.count += 1;
        self.by_key.entry(key.clone()).or_default().push_back(Kept { delivery, number });
        self.order.push_back((now, key));
        let mut evicted = Vec::new();
        while self.count > self.most || self.bytes > self.most_bytes || self.order.len() > 2 * self.most + 1 {
            evicted.extend(self.drop_oldest());
        }
        evicted
    }

    /// Takes what was kept for a key, in order.
    pub(super) fn claim(&mut self, key: &str) -> VecDeque<Kept> {
        let claimed = self.by_key.remove(key).unwrap_or_default();
        self.count -= claimed.len();
        self.bytes -= claimed.iter().map(|kept| kept.delivery.weight()).sum::<usize>();
        claimed
    }

    /// Drops what has been kept long enough; gives back the numbers.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<u64> {
        let mut expired = Vec::new();
        while self.order.front().is_some_and(|(kept, _)| now.duration_since(*kept) >= self.keep_for) {
            expired.extend(self.drop_oldest());
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
    fn drop_oldest(&mut self) -> Option<u64> {
        let (kept, key) = self.order.pop_front()?;
        let queue = self.by_key.get_mut(&key)?;
        // The key may have been claimed and then kept anew: a younger delivery is not this entry's.
        let Kept { delivery, number } = queue.pop_front_if(|young| young.delivery.received <= kept)?;
        if queue.is_empty() {
            self.by_key.remove(&key);
        }
        self.bytes -= delivery.weight();
        self.count -= 1;
        Some(number)
    }
}
