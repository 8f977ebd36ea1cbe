//! Wants the key that another run holds, in each way there is.

use orbital_sdk::prelude::*;

const KEY: &str = "shared-key";

#[case(every = "30d")]
fn thief(t: &Test) -> Result {
    let expected = t.expect(KEY);
    check!(t, matches!(expected, Err(ExpectError::Taken)), "{expected:?}");
    let waited = t.wait_for(KEY);
    check!(t, matches!(waited, Err(WaitError::Taken)), "{waited:?}");
    let sent = t.send_event(Event::to("api").key(KEY).json(&json!({ "id": KEY })));
    check!(t, matches!(sent, Err(SendError::Taken)), "{sent:?}");
    Ok(())
}

suite!(thief);
