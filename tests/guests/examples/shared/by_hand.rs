//! A component whose cases are whatever the example says, right or wrong.

pub use orbital_sdk::bindings::exports::orbital::test::suite::{
    CronSchedule, Guest, RetryPolicy, Schedule, Tag, TestCase,
};

/// A manual case without a mistake.
pub fn manual(name: &str) -> TestCase {
    TestCase {
        name: name.to_owned(),
        schedule: Schedule::Manual,
        timeout_ms: None,
        tags: Vec::new(),
        retry: RetryPolicy { retries: 0, delay_ms: 0 },
        max_in_flight: 1,
    }
}

/// Exports these cases, each of which passes.
macro_rules! export_cases {
    ($cases:expr) => {
        struct Suite;

        impl by_hand::Guest for Suite {
            fn cases() -> Vec<by_hand::TestCase> {
                $cases
            }

            fn run(_: String) -> Result<(), String> {
                Ok(())
            }
        }

        orbital_sdk::bindings::export!(Suite with_types_in orbital_sdk::bindings);
    };
}

pub(crate) use export_cases;
