//! A case that would run all the time.

#[path = "shared/by_hand.rs"]
#[allow(dead_code, unused_imports, reason = "each example uses a part of it")]
mod by_hand;

use by_hand::{Schedule, TestCase, manual};

by_hand::export_cases!(vec![TestCase { schedule: Schedule::Every(0), ..manual("restless") }]);
