//! The same event twice, one delivery.

use orbital_sdk::prelude::*;

/// How long to wait for a duplicate.
const WATCH: Duration = Duration::from_millis(300);

#[case(every = "1s", timeout = "5s")]
pub(crate) fn exactly_once(t: &Test) -> Result {
    let id = t.new_id();
    let event = Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com" }));
    let first = t.send_event(event.clone())?.success()?;
    check_eq!(t, first.pointer::<bool>("/duplicate")?, false);
    let second = t.send_event(event)?.success()?;
    check_eq!(t, second.pointer::<bool>("/duplicate")?, true);

    t.wait_for(&id)?;
    t.no_delivery_within(&id, WATCH)
}
