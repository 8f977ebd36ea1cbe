//! Several mistakes at once, of which all are to be reported.

#[path = "shared/by_hand.rs"]
#[allow(dead_code, unused_imports, reason = "each example uses a part of it")]
mod by_hand;

use by_hand::{RetryPolicy, Schedule, Tag, TestCase, manual};

by_hand::export_cases!(vec![
    manual("a/b"),
    manual("twin"),
    manual("twin"),
    TestCase { schedule: Schedule::Every(0), ..manual("restless") },
    TestCase { timeout_ms: Some(0), ..manual("hasty") },
    TestCase { max_in_flight: 0, ..manual("never") },
    TestCase { retry: RetryPolicy { retries: 11, delay_ms: 0 }, ..manual("stubborn") },
    TestCase { tags: vec![Tag { name: "1st".to_owned(), value: String::new() }], ..manual("tagged") },
]);
