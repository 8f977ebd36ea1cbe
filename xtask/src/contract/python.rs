//! Generates the copy of the contract that the package for Python contains, and the bindings that type checkers and editors
//! read.

use std::{fs, path::Path, process::Command};

use anyhow::Context as _;

use super::{CONTRACT, files::Files};
use crate::{
    guests::{self, Missing},
    workspace,
};

pub(super) const COPY: &str = "guest-sdk/python/src/orbital_sdk/_wit/test";

pub(super) const TYPINGS: &str = "guest-sdk/python/typings";

/// The SDK pins the version of componentize-py, and adds the part of `wasi:http` that it uses.
const GENERATE: &str = "\
import pathlib, sys
from orbital_sdk.build import componentize
componentize.generate_bindings(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
";

/// The generated modules that the SDK imports; componentize-py generates more.
const IMPORTED: [&str; 2] = ["componentize_py_types.py", "wit_world/"];

/// Generates the bindings with the tools in `target/python`, which are installed if need be.
pub(super) fn typings(scratch: &Path) -> anyhow::Result<Result<Files, Missing>> {
    let environment = match guests::python_environment()? {
        Ok((environment, _)) => environment,
        Err(missing) => return Ok(Err(missing)),
    };
    let folder = scratch.join("python");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove `{}`", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let mut python = Command::new(environment.join("bin/python"));
    python.args(["-c", GENERATE]).arg(workspace::path(CONTRACT)).arg(&folder);
    let output = python.output().context("cannot run Python")?;
    anyhow::ensure!(
        output.status.success(),
        "componentize-py cannot generate bindings: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut files = Files::read(&folder)?;
    files.0.retain(|name, _| IMPORTED.iter().any(|imported| name.starts_with(imported)));
    Ok(Ok(files))
}
