//! The programs whose instructions are counted.

use std::{io::BufRead as _, io::BufReader, path::PathBuf, process::Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::{micro, workspace};

/// The crates that have hot paths, and divan, which measures its own costs for many seconds otherwise.
const OPTIMIZED: [&str; 6] =
    ["divan", "orbital-config", "orbital-history", "orbital-model", "orbital-run", "orbital-webhook"];

/// How these crates are compiled. One unit, so that no distant change moves a function to another unit and is not inlined.
const SETTINGS: [&str; 4] =
    ["opt-level=3", "codegen-units=1", "debug-assertions=false", "overflow-checks=false"];

/// Builds the micro-benchmarks, and returns where they are.
///
/// Dependencies are those of the profile `dev`, because a release build of all of them takes many minutes. Those that hot
/// paths use are optimized there, although they have their assertions.
pub(crate) fn build() -> anyhow::Result<Vec<PathBuf>> {
    let mut cargo = workspace::cargo_without_linter();
    cargo.args(["build", "--workspace", "--locked", "--message-format=json-render-diagnostics"]);
    let benchmarks = micro::counted();
    cargo.args(&benchmarks).env("CARGO_INCREMENTAL", "0").stdout(Stdio::piped());
    for name in OPTIMIZED {
        for setting in SETTINGS {
            cargo.args(["--config", &format!("profile.dev.package.{name}.{setting}")]);
        }
    }
    eprintln!("$ cargo build --workspace {} (optimized)", benchmarks.join(" "));
    let mut cargo = cargo.spawn().context("cannot run cargo")?;
    let messages = cargo.stdout.take().context("cargo has no output")?;
    let mut programs = Vec::new();
    for message in BufReader::new(messages).lines() {
        programs.extend(program(&message.context("cannot read the output of cargo")?)?);
    }
    let status = cargo.wait().context("cannot wait for cargo")?;
    ensure!(status.success(), "the micro-benchmarks do not compile: {status}");
    programs.sort();
    Ok(programs)
}

/// Returns the program that a message of cargo announces, if it does so and the program is a benchmark.
fn program(message: &str) -> anyhow::Result<Option<PathBuf>> {
    let message: Value = serde_json::from_str(message)
        .with_context(|| format!("cargo wrote `{message}`, which is not JSON"))?;
    let kinds = message["target"]["kind"].as_array();
    let is_benchmark = kinds.is_some_and(|kinds| kinds.iter().any(|kind| kind == "bench"));
    Ok(message["executable"].as_str().filter(|_| is_benchmark).map(PathBuf::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_of_benchmarks_are_found_in_the_output_of_cargo() {
        let bench = r#"{"reason":"compiler-artifact","target":{"kind":["bench"],"name":"keys"},"executable":"/t/keys-0b"}"#;
        assert_eq!(program(bench).unwrap(), Some(PathBuf::from("/t/keys-0b")));
        for other in [
            r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"orbital"},"executable":"/t/orbital"}"#,
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"orbital_model"},"executable":null}"#,
            r#"{"reason":"build-finished","success":true}"#,
        ] {
            assert_eq!(program(other).unwrap(), None, "{other}");
        }
        assert!(program("warning: text").is_err());
    }
}
