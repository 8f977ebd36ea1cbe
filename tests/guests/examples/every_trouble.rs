//! Each way in which a test breaks, or never ends, again and again.

use std::hint::{black_box, spin_loop};

use orbital_sdk::prelude::*;

#[case(every = "200ms", timeout = "300ms")]
fn spins(_: &Test) -> Result {
    loop {
        spin_loop();
    }
}

#[case(every = "200ms", timeout = "300ms")]
fn waits(t: &Test) -> Result {
    t.wait_for(&t.new_id())?;
    Ok(())
}

#[case(every = "200ms")]
fn traps(_: &Test) -> Result {
    core::arch::wasm32::unreachable()
}

#[case(every = "200ms")]
fn panics(_: &Test) -> Result {
    panic!("boom")
}

#[case(every = "200ms")]
fn exits(_: &Test) -> Result {
    std::process::exit(0)
}

#[case(every = "200ms")]
fn eats_memory(_: &Test) -> Result {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

#[case(every = "200ms")]
fn floods_log(t: &Test) -> Result {
    loop {
        t.info("on and on");
    }
}

#[case(every = "200ms")]
fn recurses(t: &Test) -> Result {
    t.info(descend(0).to_string());
    Ok(())
}

fn descend(depth: u64) -> u64 {
    if depth == u64::MAX { 0 } else { black_box(descend(black_box(depth + 1))) + 1 }
}

suite!(spins, waits, traps, panics, exits, eats_memory, floods_log, recurses);
