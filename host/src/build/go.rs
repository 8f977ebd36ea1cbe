//! Go: stock compiler, WASI 0.1, wrapped.

use std::path::Path;
use std::process::Command;

use super::{Artifact, BuildError, ask, contract, go_lines, read, require, run, scratch};

const REMEDY: &str = "install Go 1.25 or newer from https://go.dev/dl";

const SDK: &str = "github.com/orbital-e2e/orbital/guest-sdk/go";

pub(super) fn build(directory: &Path) -> Result<Artifact, BuildError> {
    require("Go", go(directory).args(["env", "GOVERSION"]), (1, 25), REMEDY)?;
    let core = scratch(".wasm")?;
    let mut command = go(directory);
    command.env("GOOS", "wasip1").env("GOARCH", "wasm");
    // A library, whose functions the host calls; without `c-shared` it would be a program that ends after `main`.
    // Paths are trimmed so that places in messages are the same on every machine, and so is the component. Names of
    // functions are kept: lines are made of them.
    command.args(["build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-w", "-o"]);
    run(command.arg(&core).arg("."), "Go", REMEDY)?;
    let module = go_lines::describe(read(&core)?, &package(directory)?);
    let bytes = contract::wrap(module)?;
    // A module has no version of its own; its tag in version control is not looked at.
    Ok(Artifact { bytes, version: None, sdk: sdk(directory) })
}

/// The path that the names of its files begin with.
fn package(directory: &Path) -> Result<String, BuildError> {
    Ok(ask(go(directory).args(["list", "-f", "{{.Module.Path}}", "."]), "Go", REMEDY)?.trim().to_owned())
}

fn sdk(directory: &Path) -> Option<String> {
    let mut command = go(directory);
    command.args(["list", "-m", "-f", "{{.Version}}", SDK]);
    let version = ask(&mut command, "Go", REMEDY).ok()?;
    Some(version.trim().trim_start_matches('v').to_owned()).filter(|version| !version.is_empty())
}

fn go(directory: &Path) -> Command {
    let mut command = Command::new("go");
    command.current_dir(directory);
    command
}
