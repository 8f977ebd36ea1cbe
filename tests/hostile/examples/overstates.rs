//! Declares without end: cases, names and tags.

use orbital_sdk::bindings::exports::orbital::test::suite::{
    CronSchedule, Guest, RetryPolicy, Schedule, Tag, TestCase,
};

struct Suite;

impl Guest for Suite {
    /// Five cases, each with a name of 1 MiB that has to be escaped, a schedule of 64 KiB, and 10 000 tags that are none.
    fn cases() -> Vec<TestCase> {
        let tag = |number: u32| Tag { name: format!("{number}\u{1b}"), value: "x".repeat(300) };
        let case = |number: u32| TestCase {
            name: format!("{number}{}", "\u{1b}[31m".repeat(1 << 18)),
            schedule: Schedule::Cron(CronSchedule { expression: "\u{1b}[31m ".repeat(1 << 14), zone: None }),
            timeout_ms: None,
            tags: (0..10_000).map(tag).collect(),
            retry: RetryPolicy { retries: 0, delay_ms: 0 },
            max_in_flight: 1,
        };
        (0..5).map(case).collect()
    }

    fn run(_: String) -> Result<(), String> {
        Ok(())
    }
}

orbital_sdk::bindings::export!(Suite with_types_in orbital_sdk::bindings);
