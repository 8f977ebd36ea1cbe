//! Takes as much as it gets of one thing, in run after run.

use std::hint::{black_box, spin_loop};

use orbital_sdk::prelude::*;

#[case(every = "50ms", timeout = "2s", max_in_flight = 40)]
fn spins(_: &Test) -> Result {
    loop {
        spin_loop();
    }
}

#[case(every = "50ms", timeout = "2s", max_in_flight = 40)]
fn fills_memory(_: &Test) -> Result {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

#[case(every = "50ms", timeout = "2s", max_in_flight = 40)]
fn floods_log(t: &Test) -> Result {
    loop {
        t.info("on and on and on and on and on and on and on and on");
    }
}

#[case(every = "50ms", timeout = "2s", max_in_flight = 40)]
fn sends(t: &Test) -> Result {
    loop {
        let event = |_| Event::to("sink").json(&json!({ "id": "greedy" }));
        t.send_events((0..16).map(event));
    }
}

suite!(spins, fills_memory, floods_log, sends);
