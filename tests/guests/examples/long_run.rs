//! Runs for as long as the delivery takes: version 1, of two that take each other's place.

use orbital_sdk::prelude::*;

#[path = "shared/round.rs"]
mod round;

#[case(every = "200ms", timeout = "60s")]
fn long(t: &Test) -> Result {
    round::round(t, "version 1")
}

suite!(long);
