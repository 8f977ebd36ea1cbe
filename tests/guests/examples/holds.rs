//! Holds a key that everybody knows, until its delivery comes.

use orbital_sdk::prelude::*;

const KEY: &str = "shared-key";

#[case(every = "30d", timeout = "60s")]
fn holder(t: &Test) -> Result {
    t.send_event(Event::to("api").key(KEY).json(&json!({ "id": KEY })))?;
    let delivery = t.wait_for(KEY)?;
    check_eq!(t, delivery.json::<Value>()?["for"], "holder");
    Ok(())
}

suite!(holder);
