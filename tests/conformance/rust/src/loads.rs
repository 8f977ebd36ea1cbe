//! Cases that use up time and memory.

use std::hint::black_box;

use orbital_sdk::prelude::*;

const PIECE: usize = 64 << 10;
const PIECES: usize = (64 << 20) / PIECE;
const ROUNDS: usize = 20;

#[case(manual, timeout = "300ms")]
pub(crate) fn loops(_: &Test) -> Result {
    let mut number = 0_u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

#[case(manual, timeout = "5s")]
pub(crate) fn churns(t: &Test) -> Result {
    for piece in 0..PIECES {
        black_box(vec![1_u8; PIECE]);
        if piece % (PIECES / ROUNDS) == 0 && piece / (PIECES / ROUNDS) < ROUNDS {
            t.info(format!("piece {piece}"));
        }
    }
    Ok(())
}
