//! The pipeline creates the id, so it may deliver before the test knows it.

use orbital_sdk::prelude::*;

#[case(every = "1s", timeout = "3s")]
pub(crate) fn server_made_id(t: &Test) -> Result {
    let receipt = t.send_event(Event::to("api").json(&json!({ "email": "ada@example.com" })))?.success()?;
    let id: String = receipt.pointer("/id")?;
    let delivery = t.wait_for(&id)?;
    check_eq!(t, delivery.pointer::<String>("/email")?, "ada@example.com");
    Ok(())
}
