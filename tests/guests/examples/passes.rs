//! Passes, and says so in each way there is.

use orbital_sdk::prelude::*;

#[case(every = "200ms")]
fn passes(t: &Test) -> Result {
    t.info("hello from passes");
    println!("passes to stdout");
    eprintln!("passes to stderr");
    Ok(())
}

suite!(passes);
