//! Runs when somebody asks for it.

use orbital_sdk::prelude::*;

#[case(manual)]
fn manual(_: &Test) -> Result {
    Ok(())
}

suite!(manual);
