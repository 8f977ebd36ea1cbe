//! Has metrics of its own.

use orbital_sdk::prelude::*;

#[case(manual)]
fn counts(t: &Test) -> Result {
    t.counter("items_total", 1.0, &[("kind", "new")])?;
    Ok(())
}

suite!(counts);
