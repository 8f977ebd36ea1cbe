//! Deliveries that came while no run expected their key.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Delivery;

/// Bytes that a kept delivery takes besides itself and its key: its places in the two maps.
const PLACES: usize = 224;

/// Kept deliveries. All are kept equally long, so the oldest is always the next to go.
pub(super) struct Early {
    keep_for: Duration,
    most: usize,
    most_bytes: usize,
    bytes: usize,
    by_key: HashMap<Arc<str>, VecDeque<Kept>>,
    /// Arrival and key of each kept delivery, by its number.
    order: BTreeMap<u64, (Instant, Arc<str>)>,
}

/// A kept delivery.
pub(super) struct Kept {
    pub(super) delivery: Delivery,
    /// Its number among all requests that were received.
    pub(super) number: u64,
    /// Whether it came for a run that had ended. Then its result is known already.
    pub(super) is_late: bool,
}

impl Kept {
    fn weight(&self, key: &str) -> usize {
        self.delivery.weight() + key.len() + PLACES
    }
}

impl Early {
    pub(super) fn new(keep_for: Duration, most: usize, most_bytes: usize) -> Self {
        Self { keep_for, most, most_bytes, bytes: 0, by_key: HashMap::new(), order: BTreeMap::new() }
    }

    /// Keeps a delivery if it fits at all. Returns the older ones that had to go.
    pub(super) fn keep(&mut self, key: Arc<str>, kept: Kept, now: Instant) -> Option<Vec<Kept>> {
        let weight = kept.weight(&key);
        if self.most == 0 || weight > self.most_bytes {
            return None;
        }
        let mut evicted = Vec::new();
        while self.order.len() >= self.most || self.bytes + weight > self.most_bytes {
            evicted.push(self.drop_oldest()?);
        }
        self.bytes += weight;
        self.order.insert(kept.number, (now, key.clone()));
        // Nearly all keys have one delivery; a queue makes room for four by itself.
        self.by_key.entry(key).or_insert_with(|| VecDeque::with_capacity(1)).push_back(kept);
        Some(evicted)
    }

    /// Takes what was kept for a key, in order.
    pub(super) fn claim(&mut self, key: &str) -> VecDeque<Kept> {
        let claimed = self.by_key.remove(key).unwrap_or_default();
        for kept in &claimed {
            self.order.remove(&kept.number);
            self.bytes -= kept.weight(key);
        }
        claimed
    }

    /// Drops and returns what has been kept long enough.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Kept> {
        let mut expired = Vec::new();
        while let Some((_, (since, _))) = self.order.first_key_value()
            && now.duration_since(*since) >= self.keep_for
        {
            expired.extend(self.drop_oldest());
        }
        expired
    }

    fn drop_oldest(&mut self) -> Option<Kept> {
        let (_, (_, key)) = self.order.pop_first()?;
        let queue = self.by_key.get_mut(&key)?;
        // The oldest of all is the oldest of its key.
        let kept = queue.pop_front()?;
        if queue.is_empty() {
            self.by_key.remove(&key);
        }
        self.bytes -= kept.weight(&key);
        Some(kept)
    }
}
