//! `cargo xtask dist`: the host as people install it, with profile-guided optimization.
//!
//! The host is compiled twice. The first one counts how often each part of it is executed while tests run; the compiler
//! arranges the second one accordingly.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, ensure};

use crate::{bench, guests::answer, workspace};

/// The packages that are compiled: the host, and what it is trained with.
const PACKAGES: [&str; 4] = ["-p", "orbital-host", "-p", "orbital-bench"];

/// How the names of files with a host's counts begin. Others are of the programs that it was trained with.
const HOST: &str = "host-";

/// Builds everything, and says where the host is.
pub(crate) fn run() -> anyhow::Result<()> {
    let host = build()?;
    let size = fs::metadata(&host).with_context(|| format!("no `{}`", host.display()))?.len();
    println!("built `{}`: {:.1} MB", host.display(), size as f64 / 1e6);
    Ok(())
}

/// Builds the host and the Rust programs of `bench/` next to it. Returns the path of the host.
pub(crate) fn build() -> anyhow::Result<PathBuf> {
    let (system, merge) = tools()?;
    let target = workspace::target();
    let folder = target.join("pgo");
    let counts = folder.join("counts");
    if counts.exists() {
        fs::remove_dir_all(&counts).with_context(|| format!("cannot empty `{}`", counts.display()))?;
    }
    let built = |folder: &Path| folder.join(&system).join("dist");
    workspace::run(&mut compile(&format!("-Cprofile-generate={}", counts.display()), &system, &folder))?;
    bench::train(counting_host(&built(&folder), &counts)?)?;

    let profile = folder.join("orbital.profdata");
    let hosts = files(&counts, |path| name(path).starts_with(HOST))?;
    workspace::run(Command::new(merge).arg("merge").arg("--output").arg(&profile).args(hosts))?;
    workspace::run(&mut compile(&format!("-Cprofile-use={}", profile.display()), &system, &target))?;
    let installed = target.join("dist");
    fs::create_dir_all(&installed).with_context(|| format!("cannot create `{}`", installed.display()))?;
    for program in files(&built(&target), is_program)? {
        let copy = installed.join(name(&program));
        // A new file, because the old one may be running.
        let _ = fs::remove_file(&copy);
        fs::copy(&program, &copy).with_context(|| format!("cannot copy to `{}`", copy.display()))?;
    }
    Ok(installed.join("orbital"))
}

/// Returns a build of everything into this folder with one more flag for rustc.
///
/// Both builds name the system as their target. So flags do not apply to build scripts, which would count too. And the
/// compiler finds the counts of a function by its name, which depends on whether there is a target.
fn compile(flag: &str, system: &str, folder: &Path) -> Command {
    let flags = env::var("RUSTFLAGS").unwrap_or_default();
    let flags: Vec<&str> = flags.split_whitespace().chain([flag]).collect();
    let mut cargo = workspace::cargo_without_linter();
    cargo.args(["build", "--profile", "dist", "--locked", "--bins", "--target", system, "--target-dir"]);
    cargo.arg(folder).args(PACKAGES);
    // Encoded, so that paths can contain spaces.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    cargo
}

/// Creates a script next to the host of this folder that starts it, with a file for its counts in the folder `counts`. The
/// process that compiles guests must not write files: it is not ended for the attempt to write its counts, because it
/// ignores that signal.
fn counting_host(folder: &Path, counts: &Path) -> anyhow::Result<PathBuf> {
    let script = folder.join("orbital-counting");
    let (file, host) = (counts.join(format!("{HOST}%p.profraw")), folder.join("orbital"));
    let text = format!(
        "#!/bin/sh\ntrap '' XFSZ\nexport LLVM_PROFILE_FILE='{}'\nexec '{}' \"$@\"\n",
        file.display(),
        host.display()
    );
    fs::write(&script, text).with_context(|| format!("cannot write `{}`", script.display()))?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot make `{}` executable", script.display()))?;
    Ok(script)
}

/// Returns the files of a folder that are wanted.
fn files(folder: &Path, wanted: impl Fn(&Path) -> bool) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    Ok(paths.into_iter().filter(|path| wanted(path)).collect())
}

/// Returns the last part of a path.
fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Returns the name of this machine's target and the path of `llvm-profdata`, which rustup installs if it is missing.
fn tools() -> anyhow::Result<(String, PathBuf)> {
    let root = workspace::path("");
    let version = answer(&root, "rustc", &["-vV"])
        .context("cannot run `rustc`; install Rust from https://rustup.rs")?;
    let system = version.lines().find_map(|line| line.strip_prefix("host: "));
    let system = system.context("`rustc -vV` names no host")?.to_owned();
    let sysroot = answer(&root, "rustc", &["--print", "sysroot"]).context("`rustc` has no sysroot")?;
    let merge = Path::new(sysroot.trim()).join("lib/rustlib").join(&system).join("bin/llvm-profdata");
    if !merge.exists() {
        let mut rustup = Command::new("rustup");
        rustup.current_dir(&root).args(["component", "add", "llvm-tools"]);
        workspace::run(&mut rustup).context(
            "`llvm-profdata` is missing; install rustup from https://rustup.rs, or the LLVM tools with whatever installed Rust",
        )?;
    }
    ensure!(merge.exists(), "no `{}` after the installation of `llvm-tools`", merge.display());
    Ok((system, merge))
}
