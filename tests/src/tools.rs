//! Tools that some tests need besides, and that may not be installed.

use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::binary::root;

/// The variable with which `.ci/run` says that every tool must be there.
const CI: &str = "ORBITAL_CI";

/// Where `.ci/tools` puts what is for this workspace alone.
pub(crate) fn tools() -> PathBuf {
    root().join("target/tools")
}

/// Where a program is, if it is on the `PATH`. See [`missing`] for what happens if it is not.
pub fn program(name: &str, remedy: &str) -> Option<PathBuf> {
    on_path(name).or_else(|| missing(&format!("`{name}` is not installed ({remedy})")))
}

/// Returns the path of schemathesis, which compares the API with its description: on the `PATH` or where `.ci/tools`
/// installs it. If it is missing, see [`missing`].
pub fn schemathesis() -> Option<PathBuf> {
    const NAME: &str = "schemathesis";
    let installed = root().join("target/schemathesis/bin").join(NAME);
    let wanted =
        || missing("`schemathesis` is not installed (Python: `tests/schemathesis/requirements.lock`)");
    installed.is_file().then_some(installed).or_else(|| on_path(NAME)).or_else(wanted)
}

/// The environment in which Zig is found where `cargo xtask guests` installs it, with what it has compiled already. See
/// [`missing`] for what happens if it is not there.
pub fn zig() -> Option<[(&'static str, OsString); 2]> {
    let folder = root().join("target/zig/bin");
    if !folder.join("python-zig").is_file() {
        return missing("Zig is not in `target/zig`; `cargo xtask guests` installs it");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&path))).unwrap();
    Some([("PATH", path), ("ZIG_GLOBAL_CACHE_DIR", root().join("target/zig-cache").into())])
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// The library that moves a process's clock, if it is installed. See [`missing`] for what happens if it is not.
pub(crate) fn libfaketime() -> Option<PathBuf> {
    const NAME: &str = "faketime/libfaketime.so.1";
    let triplet = format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH);
    let folders = [triplet.as_str(), "/usr/lib", "/usr/lib64", "/usr/local/lib"];
    let found =
        folders.into_iter().map(|folder| Path::new(folder).join(NAME)).find(|library| library.is_file());
    found.or_else(|| missing("`libfaketime.so.1` is not installed (Debian: `faketime`)"))
}

/// Reports that a tool is missing: in CI the test fails; elsewhere it is skipped, with a line that says so.
///
/// # Panics
/// In CI.
pub fn missing<T>(what: &str) -> Option<T> {
    assert!(std::env::var_os(CI).is_none(), "{what}, and `{CI}` is set");
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    // Not `eprintln!`: what a test prints is shown only if it fails.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {what}");
    None
}
