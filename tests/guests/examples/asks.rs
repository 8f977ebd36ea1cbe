//! Does what its configuration says, and has a manifest.

use orbital_sdk::prelude::*;

#[path = "shared/script.rs"]
mod script;

use script::acts;

manifest!("examples/manifests/asks.toml");
suite!(acts);
