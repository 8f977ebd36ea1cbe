//! The SDK for Python with its tools, and the packages that the conformance suite uses, in an environment of its own: `target/python`.

use std::{fs, path::PathBuf, process::Command};

use anyhow::Context as _;

use super::{
    digest::Digest,
    tool::{Missing, Tool, answer, at_least},
};
use crate::workspace;

/// What `pyproject.toml` of the SDK asks for.
const VERSION: (u32, u32) = (3, 11);

pub(crate) fn prepare() -> anyhow::Result<Result<Tool, Missing>> {
    Ok(environment()?.map(|(environment, version)| {
        let environment = vec![("VIRTUAL_ENV", environment.into())];
        Tool { version, environment }
    }))
}

/// Returns the folder of the environment, installed and up to date, and Python's version.
pub(crate) fn environment() -> anyhow::Result<Result<(PathBuf, String), Missing>> {
    let version = match version() {
        Ok(version) => version,
        Err(missing) => return Ok(Err(missing)),
    };
    let environment = workspace::path("target/python");
    install(&environment, &version)?;
    Ok(Ok((environment, version)))
}

/// Python's version, if it is new enough and can make environments.
pub(crate) fn version() -> Result<String, Missing> {
    let root = workspace::path("");
    let Some(version) = answer(&root, "python3", &["--version"]).filter(|version| at_least(version, VERSION))
    else {
        return Err(Missing("install Python 3.11 or newer from https://www.python.org/downloads".to_owned()));
    };
    // Debian has what makes environments in a package of its own.
    if answer(&root, "python3", &["-c", "import ensurepip, venv"]).is_none() {
        return Err(Missing(
            "install the modules `venv` and `ensurepip` of Python (Debian: `python3-venv`)".to_owned(),
        ));
    }
    Ok(version)
}

/// Makes the environment, unless it is there and has what it must have.
fn install(environment: &PathBuf, version: &str) -> anyhow::Result<()> {
    let sdk = workspace::path("guest-sdk/python");
    let libraries = workspace::path("tests/conformance/python/requirements.lock");
    let mut digest = Digest::default();
    digest.text(version);
    for file in [&sdk.join("requirements.lock"), &sdk.join("pyproject.toml"), &libraries] {
        digest.file(file)?;
    }
    let (digest, stamp) = (digest.finish(), environment.join(".stamp"));
    if fs::read_to_string(&stamp).is_ok_and(|of| of == digest) {
        return Ok(());
    }
    workspace::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))?;
    // Editable: what changes in the SDK needs no installation.
    let mut pip = Command::new(environment.join("bin/python"));
    pip.current_dir(&sdk).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    pip.args(["-r", "requirements.lock", "-e", ".", "-r"]).arg(libraries);
    workspace::run(&mut pip)?;
    fs::write(&stamp, digest).with_context(|| format!("cannot write `{}`", stamp.display()))
}
