//! Amounts of several owners, and the owner with the largest amount.
//!
//! The owner with the largest amount makes room for the others: in the history, its queue and the journal.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Amounts by the owner's name. Owners with nothing are not kept.
#[derive(Debug, Default)]
pub struct Amounts {
    by_name: HashMap<Arc<str>, u64>,
    ranked: BTreeSet<(u64, Arc<str>)>,
}

impl Amounts {
    /// Adds to the amount of an owner.
    pub fn add(&mut self, name: &str, amount: u64) {
        self.set(name, self.of(name).saturating_add(amount));
    }

    /// Subtracts from the amount of an owner.
    pub fn take(&mut self, name: &str, amount: u64) {
        self.set(name, self.of(name).saturating_sub(amount));
    }

    /// Returns the amount of an owner.
    pub fn of(&self, name: &str) -> u64 {
        self.by_name.get(name).copied().unwrap_or_default()
    }

    /// Returns the owner with the largest amount; of several, the last one by name.
    pub fn largest(&self) -> Option<&str> {
        self.ranked.last().map(|(_, name)| &**name)
    }

    fn set(&mut self, name: &str, amount: u64) {
        let name = match self.by_name.remove_entry(name) {
            Some((name, before)) => {
                self.ranked.remove(&(before, name.clone()));
                name
            }
            None => Arc::from(name),
        };
        if amount > 0 {
            self.ranked.insert((amount, name.clone()));
            self.by_name.insert(name, amount);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_largest_is_that_of_a_search(changes in prop::collection::vec((0_usize..5, 0_u64..20, any::<bool>()), 0..100)) {
            let (mut amounts, mut simple) = (Amounts::default(), BTreeMap::<String, u64>::new());
            for (owner, amount, is_added) in changes {
                let name = owner.to_string();
                let held = simple.entry(name.clone()).or_default();
                if is_added {
                    amounts.add(&name, amount);
                    *held += amount;
                } else {
                    amounts.take(&name, amount);
                    *held = held.saturating_sub(amount);
                }
                prop_assert_eq!(amounts.of(&name), *held);
                let largest = simple.iter().filter(|(_, held)| **held > 0).max_by_key(|(name, held)| (**held, *name));
                prop_assert_eq!(amounts.largest(), largest.map(|(name, _)| name.as_str()));
                prop_assert_eq!(amounts.by_name.len(), amounts.ranked.len());
            }
        }
    }
}
