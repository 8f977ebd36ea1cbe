//! Does what its configuration says, and has no manifest.

use orbital_sdk::prelude::*;

#[path = "shared/script.rs"]
mod script;

use script::acts;

suite!(acts);
