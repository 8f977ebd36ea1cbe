//! Fails at first, and passes when it is tried again.

use orbital_sdk::prelude::*;

#[case(manual, retries = 2, retry_delay = "100ms")]
fn flaky(t: &Test) -> Result {
    match t.context().attempt {
        1 => bail!("the first attempt"),
        _ => Ok(()),
    }
}

suite!(flaky);
