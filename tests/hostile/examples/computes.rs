//! Computes forever.

use std::hint::black_box;

use orbital_sdk::prelude::*;

#[case(manual)]
fn spins(_: &Test) -> Result {
    loop {
        std::hint::spin_loop();
    }
}

#[case(manual)]
fn recurses(t: &Test) -> Result {
    t.info(descend(0).to_string());
    Ok(())
}

fn descend(depth: u64) -> u64 {
    if depth == u64::MAX { 0 } else { black_box(descend(black_box(depth + 1))) + 1 }
}

/// Each call of the host is short, and there is no end of them.
#[case(manual)]
fn asks_for_ever(t: &Test) -> Result {
    loop {
        black_box(t.new_id());
    }
}

suite!(spins, recurses, asks_for_ever);
