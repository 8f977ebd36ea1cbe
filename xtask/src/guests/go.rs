//! Go has all that it takes, once it is installed.

use std::path::Path;

use super::tool::{Missing, Tool, answer, at_least};

/// What `go.mod` of the SDK asks for.
const VERSION: (u32, u32) = (1, 25);

pub(crate) fn prepare(folder: &Path) -> anyhow::Result<Result<Tool, Missing>> {
    // Asked in the suite's folder, where an older Go fetches the one that `go.mod` wants.
    let version = answer(folder, "go", &["env", "GOVERSION"]);
    Ok(match version.filter(|version| at_least(version, VERSION)) {
        Some(version) => Ok(Tool { version, environment: Vec::new() }),
        None => Err(Missing("install Go 1.25 or newer from https://go.dev/dl".to_owned())),
    })
}
