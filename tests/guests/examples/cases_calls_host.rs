//! Calls what it may not while it is asked for its cases.

#[path = "shared/by_hand.rs"]
#[allow(dead_code, unused_imports, reason = "each example uses a part of it")]
mod by_hand;

use orbital_sdk::bindings::orbital::test::deliveries;

by_hand::export_cases!(vec![by_hand::manual(&deliveries::new_id())]);
