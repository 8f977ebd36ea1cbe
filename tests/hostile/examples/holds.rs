//! Never lets go of its instance.

use orbital_sdk::prelude::*;
use wasip2::clocks::monotonic_clock::subscribe_duration;

/// As long as a timeout can be.
#[case(manual, timeout = "49 days")]
fn sleeps(t: &Test) -> Result {
    t.sleep(Duration::from_millis(u32::MAX.into()));
    Ok(())
}

#[case(manual, timeout = "49 days")]
fn waits(t: &Test) -> Result {
    t.wait_for(&t.new_id())?;
    Ok(())
}

#[case(manual, timeout = "49 days")]
fn waits_within(t: &Test) -> Result {
    t.wait_for_within(&t.new_id(), Duration::from_millis(u32::MAX.into()))?;
    Ok(())
}

/// For a system that never answers.
#[case(manual, timeout = "49 days")]
fn requests(t: &Test) -> Result {
    t.request(Request::get("silent").timeout(Duration::from_millis(u32::MAX.into())))?;
    Ok(())
}

#[case(manual, timeout = "49 days")]
fn waits_by_wasi(_: &Test) -> Result {
    subscribe_duration(u64::MAX).block();
    Ok(())
}

/// Is not even in an instance, but between two attempts.
#[case(manual, retries = 10, retry_delay = "49 days")]
fn pauses(_: &Test) -> Result {
    bail!("try again")
}

suite!(sleeps, waits, waits_within, requests, waits_by_wasi, pauses);
