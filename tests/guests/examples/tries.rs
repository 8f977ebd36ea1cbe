//! Fails at first, in each way there is, and may be tried again.

use std::sync::atomic::{AtomicU32, Ordering};

use orbital_sdk::prelude::*;

/// Calls of this instance.
static CALLS: AtomicU32 = AtomicU32::new(0);

/// Says which attempt it is, and how many the instance has seen.
fn attempt(t: &Test) -> u32 {
    let attempt = t.context().attempt;
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    t.info(format!("attempt {attempt}, call {calls} of its instance, in run {}", t.context().run_id));
    attempt
}

#[case(every = "30d", retries = 2, retry_delay = "10ms")]
fn second(t: &Test) -> Result {
    match attempt(t) {
        1 => bail!("the first attempt says no"),
        _ => Ok(()),
    }
}

#[case(every = "30d", retries = 2)]
fn never(t: &Test) -> Result {
    bail!("attempt {} says no", attempt(t))
}

#[case(manual, retries = 3)]
fn at_once(t: &Test) -> Result {
    attempt(t);
    Ok(())
}

#[case(manual, retries = 3)]
fn marks_first(t: &Test) -> Result {
    if attempt(t) == 1 {
        t.fail("marked");
    }
    Ok(())
}

#[case(manual, retries = 3)]
fn traps_first(t: &Test) -> Result {
    match attempt(t) {
        1 => core::arch::wasm32::unreachable(),
        _ => Ok(()),
    }
}

#[case(manual, retries = 3, timeout = "3s")]
fn sleeps_first(t: &Test) -> Result {
    if attempt(t) == 1 {
        t.sleep(Duration::from_secs(3600));
    }
    Ok(())
}

#[case(manual, retries = 3)]
fn floods_first(t: &Test) -> Result {
    if attempt(t) == 1 {
        loop {
            t.info("on and on");
        }
    }
    Ok(())
}

/// The key of one attempt is free for the next one.
#[case(manual, retries = 1)]
fn same_key(t: &Test) -> Result {
    t.expect("the-key-of-each-attempt")?;
    match attempt(t) {
        1 => bail!("with its key"),
        _ => Ok(()),
    }
}

suite!(second, never, at_once, marks_first, traps_first, sleeps_first, floods_first, same_key);
