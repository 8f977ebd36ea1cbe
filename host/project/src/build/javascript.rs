//! Builds TypeScript and JavaScript projects with the SDK's own build, on Node.

use std::path::Path;
use std::process::Command;

use orbital_files::{file, links};
use serde_json::Value;

use crate::build::{Artifact, BuildError, Profile, read, require, run, scratch};
use crate::language::Language;

const REMEDY: &str = "install Node 20.11 or newer from https://nodejs.org";

/// The path of the SDK in a project.
const SDK: &str = "node_modules/orbital-sdk";

pub(super) fn build(directory: &Path, profile: Profile) -> Result<Artifact, BuildError> {
    let check_node = || require("Node", Command::new("node").arg("--version"), (20, 11), REMEDY);
    // The check takes a tenth of the time of a build after saving, so in the profile `dev` it is done only if something
    // is wrong.
    if profile == Profile::Release {
        check_node()?;
    }
    let tool = directory.join(SDK).join("dist/build/cli.js");
    if !tool.is_file() {
        install(directory)?;
    }
    if !tool.is_file() {
        return Err(BuildError::Tool {
            tool: "the package `orbital-sdk`",
            problem: "it is not among the project's dependencies".to_owned(),
            remedy: "run `npm install --save-dev orbital-sdk`".to_owned(),
        });
    }
    let component = scratch(".wasm")?;
    let mut command = Command::new("node");
    command.current_dir(directory).arg(&tool).arg("--project").arg(directory);
    command.arg("--out").arg(&component);
    // The toolchain takes one to ten seconds; the SDK does not need it for this profile.
    if profile == Profile::Dev {
        command.arg("--dev");
    }
    run(&mut command, "Node", REMEDY).or_else(|error| check_node().and(Err(error)))?;
    let manifest =
        |path: &Path| serde_json::from_slice::<Value>(&file::read(path, file::MAX_SMALL).ok()?).ok();
    let version = |path: &Path| Some(manifest(path)?["version"].as_str()?.to_owned());
    Ok(Artifact {
        bytes: read(&component)?,
        version: version(&directory.join("package.json")),
        sdk: version(&directory.join(SDK).join("package.json")),
    })
}

/// Returns TypeScript or JavaScript, depending on the entry file of the suite.
pub(super) fn language(directory: &Path) -> Language {
    let manifest: Option<Value> = file::read(&directory.join("package.json"), file::MAX_SMALL)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let entry = manifest.and_then(|manifest| Some(manifest["orbital"]["entry"].as_str()?.to_owned()));
    let is_typescript = match entry {
        Some(entry) => entry.ends_with("ts"),
        None => directory.join("src/index.ts").is_file() || directory.join("index.ts").is_file(),
    };
    if is_typescript { Language::TypeScript } else { Language::JavaScript }
}

/// Installs dependencies. `npm ci` is too strict for this: it requires packages for other platforms.
fn install(directory: &Path) -> Result<(), BuildError> {
    links::refuse(directory, "node_modules")?;
    eprintln!("installing what `package.json` names");
    let mut npm = Command::new("npm");
    npm.current_dir(directory).args(["install", "--no-audit", "--no-fund", "--loglevel=error"]);
    run(&mut npm, "npm", REMEDY)
}
