//! Counting with valgrind's tool callgrind.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, ensure};

use crate::workspace;

/// How often an operation is executed. So often that the random seeds of hash tables, and what only the first operation
/// does, change the count by less than a percent.
const OPERATIONS: u64 = 2000;

/// The function within which callgrind counts: `host/model/src/counted.rs`, called by the micro-benchmarks. The name ends with
/// a hash or with types.
const COUNTED: &str = "orbital_model::counted::*";

/// Benchmarks that wait for another thread and for the disk. Their parts are counted.
const NOT_COUNTED: &str = "history::write::";

/// Fails, and says how to install valgrind, if it is missing.
pub(crate) fn must_be_installed() -> anyhow::Result<()> {
    let version = Command::new("valgrind").arg("--version").output();
    ensure!(
        version.is_ok_and(|output| output.status.success()),
        "valgrind is not on this machine; install it with `apt-get install valgrind`"
    );
    Ok(())
}

/// Returns the paths that a micro-benchmark measures.
pub(crate) fn paths(program: &Path) -> anyhow::Result<Vec<String>> {
    // The list has this form only for nextest.
    let list = Command::new(program).args(["--list", "--format", "terse"]).env("NEXTEST", "1").output();
    let list = list.with_context(|| format!("cannot run `{}`", program.display()))?;
    ensure!(list.status.success(), "`{} --list` failed: {}", program.display(), list.status);
    let mut paths = listed(&String::from_utf8_lossy(&list.stdout));
    paths.retain(|path| !path.starts_with(NOT_COUNTED));
    ensure!(!paths.is_empty(), "`{}` lists no benchmarks", program.display());
    Ok(paths)
}

/// Returns the number of instructions that an operation of this path executes.
pub(crate) fn count(program: &Path, path: &str) -> anyhow::Result<u64> {
    let folder = workspace::path("target/instructions");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
    let file = folder.join(format!("{}.out", path.replace("::", "-")));
    let mut valgrind = Command::new("valgrind");
    // Neither settings of valgrind nor those of divan, which are variables too.
    valgrind.env_clear().envs(std::env::var_os("PATH").map(|path| ("PATH", path))).current_dir(&folder);
    valgrind.args(["--quiet", "--tool=callgrind", "--collect-atstart=no"]);
    valgrind
        .arg(format!("--toggle-collect={COUNTED}"))
        .arg(format!("--callgrind-out-file={}", file.display()));
    valgrind.arg(program).args(["--bench", "--exact", path, "--sample-size", "1"]);
    valgrind.args(["--sample-count", &OPERATIONS.to_string()]);
    let output = valgrind.output().context("cannot run valgrind")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "valgrind failed: {}\n{errors}", output.status);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
    let total = total(&text).with_context(|| format!("`{}` has no total", file.display()))?;
    ensure!(total > 0, "nothing was counted: the benchmark does not call `orbital_model::counted`");
    Ok((total + OPERATIONS / 2) / OPERATIONS)
}

/// Returns the paths in a list of benchmarks.
fn listed(list: &str) -> Vec<String> {
    list.lines().filter_map(|line| line.strip_suffix(": benchmark")).map(str::to_owned).collect()
}

/// Returns the number of all instructions in a file of callgrind.
fn total(text: &str) -> Option<u64> {
    text.lines().rev().find_map(|line| line.strip_prefix("totals: ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_the_list_of_divan() {
        assert_eq!(
            listed("keys::header: benchmark\nkeys::json::20: benchmark\n"),
            ["keys::header", "keys::json::20"]
        );
        assert!(listed("").is_empty());
    }

    #[test]
    fn the_total_is_found_in_a_file_of_callgrind() {
        let text = "# callgrind format\nversion: 1\ncmd: keys\nevents: Ir\nsummary: 8000\n\nfn=(1) counted\n12 8000\n\ntotals: 8000\n";
        assert_eq!(total(text), Some(8000));
        assert_eq!(total("events: Ir\n"), None, "the program was killed");
    }
}
