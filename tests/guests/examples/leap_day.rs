//! Runs at midnight of a leap day: every run of it in a test is one that a deploy brought about.

use orbital_sdk::prelude::*;

#[case(cron = "0 0 29 2 *")]
fn leaps(_: &Test) -> Result {
    Ok(())
}

suite!(leaps);
