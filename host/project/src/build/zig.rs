//! Zig, which builds Zig and C projects: it contains a C compiler and a libc for WASI.

use std::path::Path;
use std::process::{Command, Stdio};

use orbital_files::file;

use crate::build::{Artifact, BuildError, Profile, contract, read, require, run};

/// The file of the project's package, with its version and dependencies.
pub(super) const PACKAGE: &str = "build.zig.zon";

pub(super) const REMEDY: &str =
    "install Zig 0.17 or newer from https://ziglang.org/download, or with `pip install ziglang`";

/// An option of `orbital.addSuite`: use Zig's own compiler and linker instead of LLVM's, which take many times as long.
/// They write no line numbers.
const DEV: &str = "-Dorbital-dev";

/// The names of the program: the usual one, and that of the package on PyPI.
const NAMES: [&str; 2] = ["zig", "python-zig"];

pub(super) fn build(directory: &Path, profile: Profile) -> Result<Artifact, BuildError> {
    let failed = |source| BuildError::File { what: "make a folder in", path: std::env::temp_dir(), source };
    let made = tempfile::Builder::new().prefix("orbital-").tempdir().map_err(failed)?;
    let mut command = compiler(directory)?;
    // Shows only errors, without the steps of the build and the command line of the compiler.
    command.args(["build", "--error-style", "minimal", "--summary", "none", "--prefix"]).arg(made.path());
    if profile == Profile::Dev {
        command.arg(DEV);
    }
    run(&mut command, "Zig", REMEDY)?;
    let modules = std::fs::read_dir(made.path().join("bin")).into_iter().flatten().flatten();
    let mut modules =
        modules.map(|entry| entry.path()).filter(|path| path.extension() == Some("wasm".as_ref()));
    let (Some(core), None) = (modules.next(), modules.next()) else {
        return Err(BuildError::Output(
            "`zig build` did not install one module: `build.zig` needs one call of `orbital.addSuite`"
                .to_owned(),
        ));
    };
    let package = |path: &Path| file::read_text(&path.join(PACKAGE), file::MAX_SMALL).ok();
    let own = package(directory);
    let sdk =
        own.as_deref().and_then(|text| value(text, ".path")).and_then(|path| package(&directory.join(path)));
    Ok(Artifact {
        bytes: contract::wrap(read(&core)?)?,
        version: own.as_deref().and_then(|text| value(text, ".version")).map(ToOwned::to_owned),
        sdk: sdk.as_deref().and_then(|text| value(text, ".version")).map(ToOwned::to_owned),
    })
}

/// Returns the first text of a field in a package file.
fn value<'a>(package: &'a str, field: &str) -> Option<&'a str> {
    let code = |line: &&str| !line.trim_start().starts_with("//");
    let line = package.lines().filter(code).find(|line| line.contains(field))?;
    line.split_once(field)?.1.split('"').nth(1)
}

/// Returns the command that runs Zig in this directory.
pub(super) fn compiler(directory: &Path) -> Result<Command, BuildError> {
    let command = |name: &str| {
        let mut command = Command::new(name);
        command.current_dir(directory);
        command
    };
    let is_there = |name: &&&str| {
        let mut asked = command(name);
        asked.arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
    };
    let name = NAMES.iter().find(is_there).unwrap_or(&NAMES[0]);
    require("Zig", command(name).arg("version"), (0, 17), REMEDY)?;
    Ok(command(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_says_its_version_and_where_the_sdk_is() {
        let package = ".{\n // .version = \"9\",\n .version = \"1.2.3\",\n .dependencies = .{ .orbital = .{ .path = \"a/b\" } },\n}";
        assert_eq!(value(package, ".version"), Some("1.2.3"));
        assert_eq!(value(package, ".path"), Some("a/b"));
        assert_eq!(value(package, ".name"), None);
    }
}
