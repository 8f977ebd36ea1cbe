//! Waits for deliveries that come from outside.

use orbital_sdk::prelude::*;

#[case(manual, timeout = "5s")]
fn waits_fixed(t: &Test) -> Result {
    log(t, &t.wait_for("fixed-key")?);
    Ok(())
}

#[case(manual, timeout = "5s")]
fn waits_two(t: &Test) -> Result {
    for delivery in t.wait_n(["first-key", "second-key"], 2)? {
        log(t, &delivery);
    }
    Ok(())
}

/// Gives the sender a second to send more than the queue holds.
#[case(manual, timeout = "5s")]
fn overflow(t: &Test) -> Result {
    t.expect("flood-key")?;
    t.sleep(Duration::from_secs(1));
    let mut kept = 0;
    loop {
        match t.wait_for("flood-key") {
            Ok(_) => kept += 1,
            Err(WaitError::Overflow(dropped)) => {
                t.log(Level::Info, "overflow", &[("kept", &kept), ("dropped", &dropped)]);
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn log(t: &Test, delivery: &Delivery) {
    let Delivery { key, method, path, query, .. } = delivery;
    let body = delivery.text();
    t.log(
        Level::Info,
        "delivered",
        &[("key", key), ("method", method), ("path", path), ("query", query), ("body", &body)],
    );
}

suite!(waits_fixed, waits_two, overflow);
