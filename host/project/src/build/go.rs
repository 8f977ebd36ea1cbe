//! Builds Go projects with the standard compiler for WASI 0.1, and wraps the result.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{Artifact, BuildError, ask, contract, go_calls, go_lines, read, require, run, scratch};

const REMEDY: &str = "install Go 1.25 or newer from https://go.dev/dl";

const SDK: &str = "github.com/orbital-e2e/orbital/guest-sdk/go";

pub(super) fn build(directory: &Path) -> Result<Artifact, BuildError> {
    require("Go", go(directory).args(["env", "GOVERSION"]), (1, 25), REMEDY)?;
    let core = scratch(".wasm")?;
    let mut command = go_for_wasm(directory);
    // A library, whose functions the host calls; without `c-shared` it would be a program that ends after `main`. Paths
    // are trimmed so that locations in messages, and the component, are the same on every machine. Names of functions
    // are kept, because tables of lines are made from them.
    command.args(["build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-ldflags=-w", "-o"]);
    run(command.arg(&core).arg("."), "Go", REMEDY)?;
    let (package, files) = own(directory)?;
    for warning in go_calls::warnings(directory, &files)? {
        eprintln!("warning: {warning}");
    }
    let module = go_lines::describe(read(&core)?, &package);
    let bytes = contract::wrap(module)?;
    // A module has no version of its own; its tag in version control is ignored.
    Ok(Artifact { bytes, version: None, sdk: sdk(directory) })
}

/// Returns the path with which the names of the module's files begin, and the files of the module that are built.
fn own(directory: &Path) -> Result<(String, Vec<PathBuf>), BuildError> {
    let format = "{{with .Module}}{{if .Main}}{{.Path}}{{range $.GoFiles}}\t{{$.Dir}}/{{.}}{{end}}{{\"\\n\"}}{{end}}{{end}}";
    let listed = ask(go_for_wasm(directory).args(["list", "-deps", "-f", format, "."]), "Go", REMEDY)?;
    let mut package = String::new();
    let mut files = Vec::new();
    for line in listed.lines() {
        let mut parts = line.split('\t');
        package = parts.next().unwrap_or_default().to_owned();
        files.extend(parts.map(PathBuf::from));
    }
    Ok((package, files))
}

fn go_for_wasm(directory: &Path) -> Command {
    let mut command = go(directory);
    command.env("GOOS", "wasip1").env("GOARCH", "wasm");
    command
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
