//! Keys of runs that have ended.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use uuid::Uuid;

/// Remembers keys for some time after their release.
pub(super) struct Late {
    remember_for: Duration,
    most: usize,
    released: HashMap<Arc<str>, (Uuid, Instant)>,
    order: VecDeque<(Instant, Arc<str>)>,
}

impl Late {
    pub(super) fn new(remember_for: Duration, most: usize) -> Self {
        Self { remember_for, most, released: HashMap::new(), order: VecDeque::new() }
    }

    pub(super) fn remember(&mut self, key: Arc<str>, run: Uuid, now: Instant) {
        self.released.insert(key.clone(), (run, now));
        self.order.push_back((now, key));
        while self.order.len() > self.most {
            self.forget_oldest();
        }
    }

    /// Removes a key that is expected again.
    pub(super) fn forget(&mut self, key: &str) {
        self.released.remove(key);
    }

    /// Returns the run that had this key, and when it ended.
    pub(super) fn find(&self, key: &str) -> Option<(Uuid, Instant)> {
        self.released.get(key).copied()
    }

    /// Returns all keys, and the runs that had them.
    pub(super) fn keys(&self) -> impl Iterator<Item = (Arc<str>, Uuid)> {
        self.released.iter().map(|(key, (run, _))| (key.clone(), *run))
    }

    pub(super) fn expire(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(at, _)| now.duration_since(*at) >= self.remember_for) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((at, key)) = self.order.pop_front()
            // The key may have been released again since then: that entry is later in the order.
            && self.released.get(&key).is_some_and(|(_, released)| *released == at)
        {
            self.released.remove(&key);
        }
    }
}
