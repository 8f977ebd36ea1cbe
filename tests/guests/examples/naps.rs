//! Is in flight most of the time.

use orbital_sdk::prelude::*;

#[case(every = "400ms", timeout = "1s")]
fn naps(t: &Test) -> Result {
    t.sleep(Duration::from_millis(300));
    Ok(())
}

suite!(naps);
