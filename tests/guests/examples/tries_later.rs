//! Holds a key until its event is answered, fails, and is to be tried again in an hour.

use orbital_sdk::prelude::*;

#[case(every = "30d", timeout = "50s", retries = 1, retry_delay = "1h")]
fn later(t: &Test) -> Result {
    t.send_event(Event::to("api").key(t.new_id()))?;
    bail!("not yet")
}

suite!(later);
