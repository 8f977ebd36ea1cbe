//! Waiting for what does not come.

use orbital_sdk::prelude::*;

#[case(manual, timeout = "5s")]
pub(crate) fn wait_timeout(t: &Test) -> Result {
    match t.wait_for_within(&t.new_id(), Duration::from_millis(50)) {
        Err(WaitError::Timeout) => t.info("timeout caught"),
        other => bail!("the wait ended with {other:?}"),
    }
    Ok(())
}

#[case(manual, timeout = "300ms")]
pub(crate) fn waits_for_ever(t: &Test) -> Result {
    t.wait_for(&t.new_id())?;
    Ok(())
}
