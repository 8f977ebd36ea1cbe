//! The SDK for TypeScript and JavaScript, and what suites take from npm: in `node_modules` of each.

use std::{fs, path::Path, process::Command};

use anyhow::Context as _;

use super::{
    digest::Digest,
    tool::{Missing, Tool, answer, at_least},
};
use crate::workspace;

/// What `package.json` of the SDK asks for.
const VERSION: (u32, u32) = (20, 11);

pub(crate) fn prepare(suite: &Path) -> anyhow::Result<Result<Tool, Missing>> {
    let version = match version() {
        Ok(version) => version,
        Err(missing) => return Ok(Err(missing)),
    };
    let sdk = workspace::path("guest-sdk/js");
    let is_new = install(&sdk, &version, &[])?;
    compile(&sdk, is_new)?;
    // Its dependency on the SDK is a link, and a script of the SDK's would compile that once more.
    install(suite, &version, &["--ignore-scripts"])?;
    Ok(Ok(Tool { version, environment: Vec::new() }))
}

/// Returns the version of Node.js, if it is new enough and npm is there.
pub(crate) fn version() -> Result<String, Missing> {
    let root = workspace::path("");
    let version = answer(&root, "node", &["--version"]).filter(|version| at_least(version, VERSION));
    match (version, answer(&root, "npm", &["--version"])) {
        (Some(version), Some(_)) => Ok(version),
        _ => Err(Missing("install Node.js 20.11 or newer, with npm, from https://nodejs.org".to_owned())),
    }
}

/// Installs what a package's lock file names, unless that is there; answers whether it was not.
fn install(package: &Path, version: &str, options: &[&str]) -> anyhow::Result<bool> {
    let mut digest = Digest::default();
    digest.text(version);
    for file in ["package.json", "package-lock.json"] {
        digest.file(&package.join(file))?;
    }
    // In the folder that it is about, so that it goes with it.
    let is_new = !is_stamped(&package.join("node_modules/.orbital"), &digest.finish());
    if is_new {
        // What the lock file names, and the file stays as it is. `npm ci` would refuse one without the packages of
        // other platforms, which npm leaves out where it cannot see them.
        npm(package, &[&["install", "--no-save", "--no-audit", "--no-fund"], options].concat())?;
        stamp(&package.join("node_modules/.orbital"), &digest.finish())?;
    }
    Ok(is_new)
}

/// Compiles the SDK, unless that was done.
fn compile(sdk: &Path, is_new: bool) -> anyhow::Result<()> {
    let mut digest = Digest::default();
    for folder in [sdk.join("src"), sdk.join("scripts"), workspace::path("wit")] {
        digest.folder(&folder)?;
    }
    let file = sdk.join("dist/.orbital");
    // `npm install` has compiled it already.
    if !is_new && !is_stamped(&file, &digest.finish()) {
        npm(sdk, &["run", "build"])?;
    }
    stamp(&file, &digest.finish())
}

fn npm(package: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    workspace::run(Command::new("npm").args(arguments).current_dir(package))
}

fn is_stamped(file: &Path, digest: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|of| of == digest)
}

fn stamp(file: &Path, digest: &str) -> anyhow::Result<()> {
    fs::write(file, digest).with_context(|| format!("cannot write `{}`", file.display()))
}
