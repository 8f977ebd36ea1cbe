//! Never becomes an instance, one time in eight.

use orbital_sdk::prelude::*;
use wasip2::random::random::get_random_u64;

/// The linker has it called while the instance is made.
#[used]
#[unsafe(link_section = ".init_array")]
static START: extern "C" fn() = start;

extern "C" fn start() {
    if get_random_u64().is_multiple_of(8) {
        loop {
            core::hint::spin_loop();
        }
    }
}

#[case(every = "100ms", timeout = "500ms")]
fn starts(_: &Test) -> Result {
    Ok(())
}

suite!(starts);
