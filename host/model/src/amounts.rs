//! Amounts of several owners, and the owner with the largest amount.
//!
//! The owner with the largest amount makes room for the others: in the history, its queue and the journal.

use std::collections::HashMap;
use std::sync::Arc;

/// Amounts by the owner's name. Owners with nothing are not kept.
#[derive(Debug, Default)]
pub struct Amounts {
    /// The place of each owner in the two lists.
    places: HashMap<Arc<str>, usize>,
    names: Vec<Arc<str>>,
    /// Amounts change much more often than the largest one is needed, so they are not sorted.
    amounts: Vec<u64>,
}

impl Amounts {
    /// Adds to the amount of an owner.
    pub fn add(&mut self, name: &str, amount: u64) {
        if let Some(place) = self.places.get(name) {
            self.amounts[*place] = self.amounts[*place].saturating_add(amount);
        } else if amount > 0 {
            let name: Arc<str> = name.into();
            self.places.insert(name.clone(), self.names.len());
            self.names.push(name);
            self.amounts.push(amount);
        }
    }

    /// Subtracts from the amount of an owner.
    pub fn take(&mut self, name: &str, amount: u64) {
        let Some(place) = self.places.get(name).copied() else { return };
        self.amounts[place] = self.amounts[place].saturating_sub(amount);
        if self.amounts[place] == 0 {
            self.places.remove(name);
            self.names.swap_remove(place);
            self.amounts.swap_remove(place);
            if let Some(moved) = self.names.get(place) {
                self.places.insert(moved.clone(), place);
            }
        }
    }

    /// Returns the amount of an owner.
    pub fn of(&self, name: &str) -> u64 {
        self.places.get(name).map(|place| self.amounts[*place]).unwrap_or_default()
    }

    /// Returns the owner with the largest amount; of several, the last one by name. Takes time for each owner.
    pub fn largest(&self) -> Option<&str> {
        let largest = self.amounts.iter().copied().max()?;
        let owners = self.names.iter().zip(&self.amounts).filter(|(_, amount)| **amount == largest);
        owners.map(|(name, _)| &**name).max()
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
                let owners = simple.values().filter(|held| **held > 0).count();
                prop_assert_eq!((amounts.places.len(), amounts.names.len(), amounts.amounts.len()), (owners, owners, owners));
            }
        }
    }
}
