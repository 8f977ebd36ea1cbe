//! Builds Python projects with the SDK's own build, in the project's virtual environment.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use orbital_files::links;

use crate::build::{Artifact, BuildError, ask, read, require, run, scratch};

const REMEDY: &str = "install Python 3.11 or newer with its module `venv`";

/// The file with the packages that the project installs, if there is one; the SDK with its tools is one of them.
pub(super) const REQUIREMENTS: &str = "requirements.txt";

pub(super) fn build(directory: &Path) -> Result<Artifact, BuildError> {
    let python = interpreter(directory)?;
    let component = scratch(".wasm")?;
    // `-P`: imports resolve to installed packages, not to files of the same name in the directory.
    let mut command = Command::new(&python);
    command.current_dir(directory).args(["-P", "-m", "orbital_sdk.build", "--project"]).arg(directory);
    run(command.arg("--out").arg(&component), "Python", REMEDY)?;
    let mut version = Command::new(&python);
    version.args(["-c", "import importlib.metadata as m; print(m.version('orbital-sdk'))"]);
    let sdk = ask(&mut version, "Python", REMEDY).ok().map(|version| version.trim().to_owned());
    // The SDK's build has already written the project's version.
    Ok(Artifact { bytes: read(&component)?, version: None, sdk })
}

/// Returns Python of the active virtual environment, or otherwise of the project's own, which is created if necessary.
fn interpreter(directory: &Path) -> Result<PathBuf, BuildError> {
    if let Some(active) = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from) {
        let python = active.join("bin/python");
        if is_ready(&python) {
            return Ok(python);
        }
        return Err(BuildError::Tool {
            tool: "the SDK with its tools",
            problem: format!("it is not in the virtual environment `{}`, which is active", active.display()),
            remedy: format!("run `{} -m pip install 'orbital-sdk[build]'`", python.display()),
        });
    }
    let own = directory.join(".venv");
    let python = own.join("bin/python");
    if is_ready(&python) {
        return Ok(python);
    }
    if !directory.join(REQUIREMENTS).is_file() {
        return Err(BuildError::Tool {
            tool: "a virtual environment with the SDK and its tools",
            problem: format!("it is neither active nor at `{}`", own.display()),
            remedy: format!(
                "run `python3 -m venv {0} && {0}/bin/pip install 'orbital-sdk[build]'`, or write what the project needs \
                 into `{REQUIREMENTS}`",
                own.display()
            ),
        });
    }
    links::refuse(directory, ".venv")?;
    require("Python", Command::new("python3").arg("--version"), (3, 11), REMEDY)?;
    eprintln!("installing what `{REQUIREMENTS}` names into `{}`", own.display());
    run(Command::new("python3").args(["-m", "venv"]).arg(&own), "Python", REMEDY)?;
    let mut install = Command::new(&python);
    install.current_dir(directory).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    run(install.args(["-r", REQUIREMENTS]), "pip", REMEDY)?;
    Ok(python)
}

/// Returns whether this Python has the SDK and its tools.
fn is_ready(python: &Path) -> bool {
    let mut command = Command::new(python);
    command.args(["-P", "-c", "import orbital_sdk.build, componentize_py"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
