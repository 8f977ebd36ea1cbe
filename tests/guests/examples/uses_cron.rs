//! Runs at a time of the day.

use orbital_sdk::prelude::*;

#[case(cron = "0 7 * * *", zone = "Europe/Madrid")]
fn daily(_: &Test) -> Result {
    Ok(())
}

suite!(daily);
