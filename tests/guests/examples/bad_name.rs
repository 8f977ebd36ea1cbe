//! A name with a sign that names cannot have.

#[path = "shared/by_hand.rs"]
#[allow(dead_code, unused_imports, reason = "each example uses a part of it")]
mod by_hand;

by_hand::export_cases!(vec![by_hand::manual("a/b")]);
