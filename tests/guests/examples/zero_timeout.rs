//! A case that has no time.

#[path = "shared/by_hand.rs"]
#[allow(dead_code, unused_imports, reason = "each example uses a part of it")]
mod by_hand;

use by_hand::{TestCase, manual};

by_hand::export_cases!(vec![TestCase { timeout_ms: Some(0), ..manual("hasty") }]);
