//! The ids of past events, to recognise one that is sent again.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

/// The last ids, as many as it has room for; the oldest is forgotten first.
pub(crate) struct Seen {
    room: usize,
    ids: HashSet<Arc<str>>,
    oldest_first: VecDeque<Arc<str>>,
}

impl Seen {
    pub(crate) fn new(room: usize) -> Self {
        Self { room, ids: HashSet::new(), oldest_first: VecDeque::new() }
    }

    pub(crate) fn contains(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    pub(crate) fn insert(&mut self, id: &str) {
        let id: Arc<str> = id.into();
        if !self.ids.insert(id.clone()) {
            return;
        }
        self.oldest_first.push_back(id);
        if self.oldest_first.len() > self.room
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.ids.remove(&oldest);
        }
    }

    /// Forgets an id; answers whether it was there.
    pub(crate) fn remove(&mut self, id: &str) -> bool {
        let was_there = self.ids.remove(id);
        if was_there {
            // Or it would be forgotten too early, should it come again.
            self.oldest_first.retain(|other| &**other != id);
        }
        was_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_id_is_forgotten_when_there_is_no_room() {
        let mut seen = Seen::new(2);
        for id in ["a", "b", "b", "c"] {
            seen.insert(id);
        }
        assert!(!seen.contains("a"));
        assert!(seen.contains("b") && seen.contains("c"));
        assert_eq!((seen.ids.len(), seen.oldest_first.len()), (2, 2));
    }

    #[test]
    fn an_id_that_was_removed_and_comes_again_is_the_newest() {
        let mut seen = Seen::new(2);
        seen.insert("a");
        seen.insert("b");
        assert!(seen.remove("a"));
        assert!(!seen.remove("a"));
        for id in ["a", "c"] {
            seen.insert(id);
        }
        assert!(seen.contains("a") && !seen.contains("b") && seen.contains("c"));
    }
}
