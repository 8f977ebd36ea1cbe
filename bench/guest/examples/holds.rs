//! Expects the keys that `bench-load` sends, until the run times out.

use orbital_sdk::prelude::*;

/// Longer than a measurement.
const LONG: Duration = Duration::from_secs(3600);

fn keys() -> impl Iterator<Item = String> {
    (0..64).map(|number| format!("c{number:02}"))
}

/// Expects all keys, and takes no delivery.
#[case(manual, timeout = "1h")]
fn keeps(t: &Test) -> Result {
    for key in keys() {
        t.expect(&key)?;
    }
    t.sleep(LONG);
    Ok(())
}

/// Expects the first key that no other run expects, and takes each of its deliveries.
#[case(manual, timeout = "1h", max_in_flight = 64)]
fn takes(t: &Test) -> Result {
    let Some(key) = keys().find(|key| t.expect(key).is_ok()) else { bail!("there are more runs than keys") };
    loop {
        t.wait_for(&key)?;
    }
}

suite!(keeps, takes);
