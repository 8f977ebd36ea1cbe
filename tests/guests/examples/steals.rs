//! Two cases want one key.

use orbital_sdk::prelude::*;

const KEY: &str = "shared-key";

#[case(manual)]
fn holder(t: &Test) -> Result {
    t.expect(KEY)?;
    t.sleep(Duration::from_secs(2));
    Ok(())
}

#[case(manual)]
fn thief(t: &Test) -> Result {
    match t.expect(KEY) {
        Err(ExpectError::Taken) => Ok(()),
        other => bail!("the key of another run: {other:?}"),
    }
}

suite!(holder, thief);
