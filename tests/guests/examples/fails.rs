//! Each way in which a test says no.

use orbital_sdk::prelude::*;

#[case(manual, timeout = "1s")]
fn check(t: &Test) -> Result {
    check_eq!(t, 1 + 1, 3);
    t.info("went on");
    Ok(())
}

#[case(manual, timeout = "1s")]
fn error(_: &Test) -> Result {
    bail!("no invoice")
}

#[case(manual, timeout = "1s")]
fn panics(_: &Test) -> Result {
    panic!("boom")
}

#[case(manual, timeout = "1s")]
fn fails_then_traps(t: &Test) -> Result {
    t.fail("first");
    core::arch::wasm32::unreachable()
}

suite!(check, error, panics, fails_then_traps);
