//! Sleeps for longer than anybody waits, and may.

use orbital_sdk::prelude::*;

#[case(every = "30d", timeout = "2h")]
fn sleeps(t: &Test) -> Result {
    t.sleep(Duration::from_secs(3600));
    Ok(())
}

suite!(sleeps);
