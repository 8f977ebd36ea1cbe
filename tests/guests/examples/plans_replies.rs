//! Plans what the webhook answers.

use orbital_sdk::prelude::*;

#[case(manual)]
fn plans(t: &Test) -> Result {
    t.expect_with(&t.new_id(), [Reply::status(500).delay(Duration::from_millis(10)).body("not now")])?;
    Ok(())
}

suite!(plans);
