//! The declarations of the contract in the SDK for TypeScript and JavaScript.

use std::{collections::BTreeMap, process::Command};

use anyhow::{Context as _, ensure};

use super::{CONTRACT, files::Files};
use crate::{
    guests::{self, Missing},
    workspace,
};

pub(super) const DECLARATIONS: &str = "guest-sdk/js/contract.d.ts";

/// Generates the declarations with the SDK's own script, which needs Node.js only.
pub(super) fn declarations() -> anyhow::Result<Result<Files, Missing>> {
    if let Err(missing) = guests::node_version() {
        return Ok(Err(missing));
    }
    let script = workspace::path("guest-sdk/js/scripts/contract.js");
    let output = Command::new("node")
        .arg(script)
        .arg(workspace::path(CONTRACT))
        .output()
        .context("cannot run Node.js")?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cannot generate `{DECLARATIONS}`: {error}");
    Ok(Ok(Files(BTreeMap::from([(String::new(), output.stdout)]))))
}
