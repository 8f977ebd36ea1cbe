//! Tells the system under test, again and again, what it knows.

use orbital_sdk::prelude::*;

#[case(every = "200ms", timeout = "50s")]
fn tells(t: &Test) -> Result {
    let context = t.context();
    let known = json!({
        "environment": context.environment,
        "webhook": context.webhook_url,
        "plan": t.config("plan"),
    });
    t.request(Request::post("api").path("/told").json(&known))?.success()?;
    Ok(())
}

suite!(tells);
