//! Runs once in thirty days, so that every run of it in a test is one that a deploy brought about.

use orbital_sdk::prelude::*;

#[case(every = "30d")]
fn rarely(_: &Test) -> Result {
    Ok(())
}

suite!(rarely);
