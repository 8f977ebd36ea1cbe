//! Deliveries that arrived while no run expected their key.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::waiter::Delivery;

/// The bytes that a kept delivery uses in addition to itself and its key: its entries in the two maps.
const PLACES: usize = 224;

/// Kept deliveries. All are kept for the same time, so the oldest is always the next to be dropped. Deliveries without
/// a proof of their sender are dropped first, and displace no delivery with a proof.
pub(super) struct Early {
    keep_for: Duration,
    most: usize,
    most_bytes: usize,
    by_key: HashMap<Arc<str>, VecDeque<Kept>>,
    unproven: Order,
    proven: Order,
}

/// Kept deliveries in the order of their arrival.
#[derive(Default)]
struct Order {
    bytes: usize,
    /// The arrival time and key of each delivery, by its number.
    arrivals: BTreeMap<u64, (Instant, Arc<str>)>,
}

/// A kept delivery.
pub(super) struct Kept {
    pub(super) delivery: Delivery,
    /// The number of the delivery among all received requests.
    pub(super) number: u64,
    /// Whether the delivery was for a run that had ended. Its result is then known already.
    pub(super) is_late: bool,
}

impl Kept {
    fn weight(&self, key: &str) -> usize {
        self.delivery.weight() + key.len() + PLACES
    }
}

impl Early {
    pub(super) fn new(keep_for: Duration, most: usize, most_bytes: usize) -> Self {
        let (unproven, proven) = (Order::default(), Order::default());
        Self { keep_for, most, most_bytes, by_key: HashMap::new(), unproven, proven }
    }

    /// Keeps a delivery if it fits at all. Returns the older ones that were dropped for it.
    pub(super) fn keep(&mut self, key: Arc<str>, kept: Kept, now: Instant) -> Option<Vec<Kept>> {
        let weight = kept.weight(&key);
        // The deliveries that this one cannot displace.
        let (staying, staying_bytes) = match kept.delivery.proven {
            true => (0, 0),
            false => (self.proven.arrivals.len(), self.proven.bytes),
        };
        if staying >= self.most || staying_bytes + weight > self.most_bytes {
            return None;
        }
        let mut evicted = Vec::new();
        while self.len() >= self.most || self.bytes() + weight > self.most_bytes {
            let is_proven = self.unproven.arrivals.is_empty();
            evicted.push(self.drop_oldest(is_proven)?);
        }
        let order = self.order(kept.delivery.proven);
        order.bytes += weight;
        order.arrivals.insert(kept.number, (now, key.clone()));
        // Nearly all keys have one delivery; by default a queue allocates space for four.
        self.by_key.entry(key).or_insert_with(|| VecDeque::with_capacity(1)).push_back(kept);
        Some(evicted)
    }

    /// Takes the kept deliveries of a key, in order.
    pub(super) fn claim(&mut self, key: &str) -> VecDeque<Kept> {
        let claimed = self.by_key.remove(key).unwrap_or_default();
        for kept in &claimed {
            let order = self.order(kept.delivery.proven);
            order.arrivals.remove(&kept.number);
            order.bytes -= kept.weight(key);
        }
        claimed
    }

    /// Drops and returns the deliveries that have been kept for the full time.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<Kept> {
        let mut expired = Vec::new();
        for is_proven in [false, true] {
            while let Some((_, (since, _))) = self.order(is_proven).arrivals.first_key_value()
                && now.duration_since(*since) >= self.keep_for
            {
                expired.extend(self.drop_oldest(is_proven));
            }
        }
        expired
    }

    fn drop_oldest(&mut self, is_proven: bool) -> Option<Kept> {
        let (number, (_, key)) = self.order(is_proven).arrivals.pop_first()?;
        let queue = self.by_key.get_mut(&key)?;
        let kept = queue.remove(queue.iter().position(|kept| kept.number == number)?)?;
        if queue.is_empty() {
            self.by_key.remove(&key);
        }
        self.order(is_proven).bytes -= kept.weight(&key);
        Some(kept)
    }

    fn order(&mut self, is_proven: bool) -> &mut Order {
        if is_proven { &mut self.proven } else { &mut self.unproven }
    }

    fn len(&self) -> usize {
        self.unproven.arrivals.len() + self.proven.arrivals.len()
    }

    fn bytes(&self) -> usize {
        self.unproven.bytes + self.proven.bytes
    }
}
