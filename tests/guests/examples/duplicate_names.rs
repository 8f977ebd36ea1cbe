//! Two cases of one name.

#[path = "shared/by_hand.rs"]
#[allow(dead_code, unused_imports, reason = "each example uses a part of it")]
mod by_hand;

by_hand::export_cases!(vec![by_hand::manual("twin"), by_hand::manual("twin")]);
