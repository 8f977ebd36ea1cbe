//! The email address of the sign-up is different in each environment.

use orbital_sdk::prelude::*;

#[case(every = "5s", timeout = "3s")]
pub(crate) fn configured(t: &Test) -> Result {
    // The default if the operator sets none; no one reads mail to it.
    let email = t.config("email").unwrap_or_else(|| "ada@example.com".to_owned());
    let id = t.new_id();
    t.send_event(Event::to("api").key(&id).json(&json!({ "id": id, "email": email })))?.success()?;

    let delivery = t.wait_for(&id)?;
    check_eq!(t, delivery.pointer::<String>("/email")?, email);
    Ok(())
}
