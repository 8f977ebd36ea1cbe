//! A manifest with mistakes.

use orbital_sdk::prelude::*;

#[case(manual)]
fn never(_: &Test) -> Result {
    Ok(())
}

manifest!("examples/manifests/bad.toml");
suite!(never);
