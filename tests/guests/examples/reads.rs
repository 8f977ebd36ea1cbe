//! Says what it knows of itself and what the operator set for it.

use orbital_sdk::prelude::*;

#[case(manual, timeout = "7s")]
fn reads(t: &Test) -> Result {
    let context = t.context();
    t.log(
        Level::Info,
        "context",
        &[
            ("run_id", &context.run_id),
            ("component", &context.component),
            ("case", &context.case),
            ("attempt", &context.attempt),
            ("environment", &context.environment),
            ("webhook_url", &context.webhook_url),
        ],
    );
    for name in ["plan", "region", "absent"] {
        t.info(format!("{name} is {:?}", t.config(name)));
    }
    Ok(())
}

suite!(reads);
