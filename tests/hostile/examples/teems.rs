//! Declares more than a host can do.

use orbital_sdk::bindings::exports::orbital::test::suite::{Guest, RetryPolicy, Schedule, TestCase};

struct Suite;

impl Guest for Suite {
    fn cases() -> Vec<TestCase> {
        let case = |number: u32| TestCase {
            name: format!("case-{number}"),
            schedule: Schedule::Every(1),
            timeout_ms: Some(u32::MAX),
            tags: Vec::new(),
            retry: RetryPolicy { retries: 10, delay_ms: 0 },
            max_in_flight: u32::MAX,
        };
        (0..1000).map(case).collect()
    }

    fn run(_: String) -> Result<(), String> {
        Ok(())
    }
}

orbital_sdk::bindings::export!(Suite with_types_in orbital_sdk::bindings);
