//! Zig, which compiles C too, in an environment of Python's of its own: `target/zig`. There it is a package, and so the
//! same on every machine.

use std::{env, fs, path::Path, process::Command};

use anyhow::Context as _;

use super::{
    python,
    tool::{Missing, Tool, answer},
};
use crate::workspace;

/// The package, with its version: a newer one may be another language.
const PACKAGE: &str = "ziglang==0.17.1";

/// Says where the package is; Zig lies beside it.
const WHERE: &str = "import os, ziglang; print(os.path.dirname(ziglang.__file__))";

pub(crate) fn prepare() -> anyhow::Result<Result<Tool, Missing>> {
    if let Err(missing) = python::version() {
        return Ok(Err(missing));
    }
    let environment = workspace::path("target/zig");
    install(&environment)?;
    let python = environment.join("bin/python");
    let folder = answer(&environment, &python.to_string_lossy(), &["-c", WHERE]);
    let folder = folder.with_context(|| format!("`{}` has no Zig", environment.display()))?;
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([folder.into()].into_iter().chain(env::split_paths(&path)))?;
    // Tests build with it, too, and some minutes' work of Zig's own is in it.
    let cache = workspace::path("target/zig-cache").into();
    let environment = vec![("PATH", path), ("ZIG_GLOBAL_CACHE_DIR", cache)];
    Ok(Ok(Tool { version: PACKAGE.to_owned(), environment }))
}

/// Makes the environment, unless it is there and has what it must have.
fn install(environment: &Path) -> anyhow::Result<()> {
    let stamp = environment.join(".stamp");
    if fs::read_to_string(&stamp).is_ok_and(|of| of == PACKAGE) {
        return Ok(());
    }
    workspace::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(environment))?;
    let mut pip = Command::new(environment.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]);
    workspace::run(&mut pip)?;
    fs::write(&stamp, PACKAGE).with_context(|| format!("cannot write `{}`", stamp.display()))
}
