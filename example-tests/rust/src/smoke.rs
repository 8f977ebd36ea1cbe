//! One event, one delivery.

use orbital_sdk::prelude::*;

#[case(every = "1s", timeout = "3s")]
pub(crate) fn smoke(t: &Test) -> Result {
    let id = t.new_id();
    t.send_event(Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com" })))?;
    let delivery = t.wait_for(&id)?;
    check_eq!(t, delivery.json::<Value>()?["processed"], true);
    Ok(())
}
