//! The binary `orbital`, run to its end.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use crate::{GRANTS, PATIENCE};

/// A process that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code.
    pub code: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

/// Runs `orbital` with these arguments, to its end.
pub async fn orbital<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Finished {
    orbital_with(&[], arguments).await
}

/// Runs `orbital` with these variables in its environment.
pub async fn orbital_with<A: AsRef<OsStr>>(
    environment: &[(&str, &str)],
    arguments: impl IntoIterator<Item = A>,
) -> Finished {
    finished(command(arguments).envs(environment.iter().copied())).await
}

/// Runs `orbital` through another program, which becomes it, such as `unshare`.
pub async fn orbital_through<A: AsRef<OsStr>>(
    wrapper: &[&str],
    arguments: impl IntoIterator<Item = A>,
) -> Finished {
    let wrapper: Vec<String> = wrapper.iter().map(|&part| part.to_owned()).collect();
    finished(&mut command_through(&wrapper, arguments)).await
}

async fn finished(command: &mut Command) -> Finished {
    let child = command.spawn().unwrap();
    let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await;
    let output = output.expect("orbital does not end").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Finished { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The binary with these arguments: pipes for its output, ended when its handle is dropped.
pub fn command<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    command_through(&[], arguments)
}

/// Returns the command that runs `orbital` through another program, such as `env`, as its last arguments.
pub(crate) fn command_through<A: AsRef<OsStr>>(
    wrapper: &[String],
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = match wrapper {
        [] => Command::new(binary("orbital")),
        [program, first @ ..] => {
            let mut command = Command::new(program);
            command.args(first).arg(binary("orbital"));
            command
        }
    };
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // Compiled code is shared between tests; nothing else of the user's is, such as the compiler for builds of the host.
    command
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env("XDG_CACHE_HOME", root().join("target/tests-cache"))
        .env("XDG_STATE_HOME", root().join("target/tests-state"))
        .env_remove("RUST_LOG");
    command
}

/// The workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A configuration file in a directory of its own, where the host also keeps its state. Both are removed when this is
/// dropped.
pub struct ConfigFile {
    path: PathBuf,
    _directory: TempDir,
}

impl ConfigFile {
    /// Returns where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Writes a configuration file with this content.
pub fn config(toml: &str) -> ConfigFile {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("orbital.toml");
    std::fs::write(&path, toml).unwrap();
    ConfigFile { path, _directory: directory }
}

/// Writes a configuration file with this content that grants all targets and metrics.
pub fn granting(toml: &str) -> ConfigFile {
    config(&format!("{toml}\n{GRANTS}"))
}

/// A binary of the workspace, beside the test's own in `target/debug/deps`.
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().and_then(Path::parent).unwrap().join(name);
    assert!(path.exists(), "`{}` is not built; `cargo xtask test` builds it", path.display());
    path
}
