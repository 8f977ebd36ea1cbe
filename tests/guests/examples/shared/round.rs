//! One event and its delivery.

use orbital_sdk::prelude::*;

/// Sends an event and waits for its delivery, and says which version did it.
pub fn round(t: &Test, version: &str) -> Result {
    t.info(version);
    let id = t.new_id();
    t.send_event(
        Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com", "version": version })),
    )?;
    t.wait_for(&id)?;
    Ok(())
}
