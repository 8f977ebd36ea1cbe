//! `cargo xtask nightly`: everything that takes too long to be checked for each change.

use std::{process::Command, time::Duration};

use anyhow::{Context as _, bail, ensure};

use crate::{bench, fairness, fuzz, guests::answer, soak, stage::Signals, workspace};

/// How long each fuzzer runs.
const FUZZ: Duration = Duration::from_secs(10 * 60);

/// How long the soak takes.
const SOAK: Duration = Duration::from_secs(30 * 60);

/// How long each host is looked at for fairness.
const FAIRNESS: Duration = Duration::from_secs(20);

/// How long the tests may take with a mutation, in seconds: one that makes them hang is caught, too.
const MUTATION_TIMEOUT: &str = "300";

/// What `cargo mutants` ends with if it could do its work: all mutations were caught, some were not, or some made the tests
/// hang.
const DONE: [i32; 3] = [0, 2, 3];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The commit to compare with, such as `origin/main~20`: files of the host that changed since then are mutated
    base: String,
}

/// Does all of it, and fails at the end if any of it failed.
pub(crate) fn run(Arguments { base }: &Arguments) -> anyhow::Result<()> {
    let signals = Signals::catch()?;
    let steps: [(&str, &dyn Fn() -> anyhow::Result<()>); 5] = [
        ("fuzz", &|| fuzz::run(&fuzz::Arguments { targets: Vec::new(), duration: FUZZ })),
        ("soak", &|| soak::run(&soak::Arguments { duration: SOAK })),
        ("fairness", &|| fairness::run(&fairness::Arguments { duration: FAIRNESS, beside: Vec::new() })),
        ("benchmarks", &bench::check),
        ("mutants", &|| mutants(base)),
    ];
    let mut failed = Vec::new();
    for (name, step) in steps {
        println!("==> {name}");
        if let Err(error) = step() {
            eprintln!("{name} failed: {error:#}");
            failed.push(name);
        }
        if signals.told_to_stop() {
            bail!("told to stop");
        }
    }
    ensure!(failed.is_empty(), "failed: {}", failed.join(", "));
    Ok(())
}

/// Changes each function of the files that changed, one at a time, and lists the changes that no unit test notices. That is
/// no failure: a black-box test may notice them.
fn mutants(base: &str) -> anyhow::Result<()> {
    let root = workspace::path("");
    ensure!(
        answer(&root, "cargo", &["mutants", "--version"]).is_some(),
        "`cargo mutants` is not on this machine; install it with `cargo install cargo-mutants --locked`"
    );
    let changed = answer(&root, "git", &["diff", "--name-only", "--diff-filter=d", base, "--", "host"]);
    let changed = changed.with_context(|| format!("git knows no commit `{base}`"))?;
    let files: Vec<&str> = changed.lines().filter(|file| file.ends_with(".rs")).collect();
    if files.is_empty() {
        println!("no file of the host has changed since `{base}`");
        return Ok(());
    }
    // In a copy of the sources, which has the dependencies to compile once more; whatever breaks it breaks nothing here.
    let mut mutants: Command = workspace::cargo();
    mutants.args(["mutants", "--output", "target", "--timeout", MUTATION_TIMEOUT, "--test-workspace=true"]);
    for file in &files {
        mutants.args(["--file", file]);
    }
    let status = mutants.args(["--", "--lib"]).status().context("cannot run `cargo mutants`")?;
    ensure!(
        status.code().is_some_and(|code| DONE.contains(&code)),
        "`cargo mutants` did not finish: {status}"
    );
    Ok(())
}
