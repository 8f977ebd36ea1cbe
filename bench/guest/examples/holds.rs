//! Cases that wait for deliveries whose keys are fixed.

use orbital_sdk::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Processed {
    processed: bool,
}

/// Longer than a measurement.
const LONG: Duration = Duration::from_secs(3600);

fn keys() -> impl Iterator<Item = String> {
    (0..64).map(|number| format!("c{number:02}"))
}

/// Expects all keys of `bench-load` until it times out, and takes no delivery.
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

/// Takes one delivery, and checks it.
#[case(manual)]
fn checks(t: &Test) -> Result {
    let delivery: Processed = t.wait_for("c00")?.json()?;
    check!(t, delivery.processed);
    Ok(())
}

suite!(keeps, takes, checks);
