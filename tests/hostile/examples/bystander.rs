//! Not hostile: the neighbour of those that are. An event, its delivery, and a look at it, again and again.

use orbital_sdk::prelude::*;

/// It must pass, but may be slow because of builds and other tests on the machine.
#[case(every = "200ms", timeout = "5m", max_in_flight = 100)]
fn round(t: &Test) -> Result {
    let id = t.new_id();
    t.send_event(Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com" })))?
        .success()?;
    let delivery = t.wait_for(&id)?;
    check_eq!(t, delivery.pointer::<String>("/destination")?, "crm");
    Ok(())
}

suite!(round);
