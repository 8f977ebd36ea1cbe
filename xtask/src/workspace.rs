//! Where things are in the repository, and how cargo is called in it.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

/// What `cargo run` sets for the program that it runs. A cargo started by that program is none of its business.
const SET_BY_CARGO_RUN: [&str; 4] = ["CARGO_BIN_", "CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_"];

/// Variables for builds of the host, as prefixes. A guest must not have them: flags for another machine, another target
/// folder than the one where guests are expected.
const MEANT_FOR_THE_HOST: [&str; 6] =
    ["CARGO_BUILD_", "CARGO_ENCODED_RUST", "CARGO_PROFILE_", "CARGO_TARGET_", "RUSTDOCFLAGS", "RUSTFLAGS"];

/// The variable by which `.ci/run` checks what it compiles. Users build their tests with the compiler itself.
const LINTER: &str = "RUSTC_WORKSPACE_WRAPPER";

/// A path in the repository.
pub(crate) fn path(relative: &str) -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).join(relative)
}

/// The folder of everything that cargo builds.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| path("target"), PathBuf::from)
}

/// Where cargo puts the workspace's binaries: beside this one, whatever target folder and profile were chosen.
pub(crate) fn binaries() -> anyhow::Result<PathBuf> {
    let this = env::current_exe().context("cannot tell where this program is")?;
    Ok(this.with_file_name(""))
}

/// A cargo that works on the workspace, with the environment that the developer gave it.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(path(""));
    remove_variables(&mut cargo, &SET_BY_CARGO_RUN);
    cargo
}

/// A cargo that works on the workspace with the compiler itself: Clippy does not optimize all that the compiler does.
pub(crate) fn cargo_without_linter() -> Command {
    let mut cargo = cargo();
    cargo.env_remove(LINTER);
    cargo
}

/// A cargo that works on the guests in this folder, which are a build of their own.
pub(crate) fn guest_cargo(folder: &Path) -> Command {
    let mut cargo = cargo();
    cargo.current_dir(folder);
    remove_variables(&mut cargo, &MEANT_FOR_THE_HOST);
    cargo
}

/// Our own `orbital build`, in the same surroundings.
pub(crate) fn orbital_build() -> anyhow::Result<Command> {
    let mut orbital = Command::new(binaries()?.join("orbital"));
    orbital.arg("build").env_remove(LINTER);
    remove_variables(&mut orbital, &SET_BY_CARGO_RUN);
    remove_variables(&mut orbital, &MEANT_FOR_THE_HOST);
    Ok(orbital)
}

/// Builds `orbital`, `pipeline` and whatever else the workspace runs. It is always the same build, for the demo as for
/// the tests, so that cargo resolves the same features and builds the dependencies once.
pub(crate) fn build_binaries() -> anyhow::Result<()> {
    run(cargo().args(["build", "--workspace", "--bins"]))
}

/// Says what is run, runs it, and fails if it fails.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
    let program = Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy();
    let line = format!("{program} {}", words.join(" "));
    let folder = command.get_current_dir().and_then(|folder| folder.strip_prefix(path("")).ok());
    match folder.filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => eprintln!("$ {line} (in `{}`)", folder.display()),
        None => eprintln!("$ {line}"),
    }
    let status = command.status().with_context(|| format!("cannot run `{line}`"))?;
    ensure!(status.success(), "`{line}` failed: {status}");
    Ok(())
}

fn remove_variables(command: &mut Command, prefixes: &[&str]) {
    for (name, _) in env::vars_os() {
        if prefixes.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
}
