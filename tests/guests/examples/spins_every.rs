//! Never ends, again and again.

use orbital_sdk::prelude::*;

#[case(every = "200ms", timeout = "300ms")]
fn spins(_: &Test) -> Result {
    loop {
        std::hint::spin_loop();
    }
}

suite!(spins);
