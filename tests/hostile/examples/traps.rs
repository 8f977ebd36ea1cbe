//! Breaks at once, as often as it may.

use orbital_sdk::prelude::*;

#[case(every = "20ms", max_in_flight = 100)]
fn traps(_: &Test) -> Result {
    core::arch::wasm32::unreachable()
}

suite!(traps);
