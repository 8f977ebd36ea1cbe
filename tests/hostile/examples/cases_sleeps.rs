//! Sleeps while it is asked for its cases, by a clock that is not the contract's.

use orbital_sdk::bindings::exports::orbital::test::suite::{Guest, TestCase};
use wasip2::clocks::monotonic_clock::subscribe_duration;

struct Suite;

impl Guest for Suite {
    fn cases() -> Vec<TestCase> {
        subscribe_duration(u64::MAX).block();
        Vec::new()
    }

    fn run(_: String) -> Result<(), String> {
        Ok(())
    }
}

orbital_sdk::bindings::export!(Suite with_types_in orbital_sdk::bindings);
