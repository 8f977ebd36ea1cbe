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

fn log(t: &Test, delivery: &Delivery) {
    let Delivery { key, method, path, query, .. } = delivery;
    let body = delivery.text();
    t.log(
        Level::Info,
        "delivered",
        &[("key", key), ("method", method), ("path", path), ("query", query), ("body", &body)],
    );
}

suite!(waits_fixed, waits_two);
