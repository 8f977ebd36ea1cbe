//! `cargo xtask fuzz`: each fuzzer for a while, from its kept seeds and from what it found before.

use std::{fs, time::Duration};

use anyhow::{Context as _, ensure};

use crate::{guests::answer, workspace};

/// How long a single input may take, in seconds; more is a finding. On a busy machine a good one takes some.
const INPUT_TIMEOUT: u32 = 120;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The fuzz targets to run, such as `config`; default: all of `fuzz/targets`
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// How long to run each of them, such as `10s` or `10m`
    #[arg(long = "for", value_name = "DURATION", value_parser = humantime::parse_duration, default_value = "10s")]
    pub(crate) duration: Duration,
}

/// Runs fuzz targets, and fails at the first finding, whose input is in `fuzz/artifacts`.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let is_there = answer(&workspace::path(""), "cargo", &["fuzz", "--version"]).is_some();
    ensure!(
        is_there,
        "`cargo fuzz` is not on this machine; install it with `cargo install cargo-fuzz --locked`"
    );
    let all = targets()?;
    for target in &arguments.targets {
        ensure!(all.contains(target), "there is no fuzzer `{target}`; there are `{}`", all.join("`, `"));
    }
    // Not zero, which means forever.
    let seconds = arguments.duration.as_secs().max(1);
    for target in if arguments.targets.is_empty() { &all } else { &arguments.targets } {
        let [corpus, seeds] = ["corpus", "seeds"].map(|kind| format!("fuzz/{kind}/{target}"));
        let corpus_folder = workspace::path(&corpus);
        fs::create_dir_all(&corpus_folder)
            .with_context(|| format!("cannot create `{}`", corpus_folder.display()))?;
        if target == "config" {
            let seed = corpus_folder.join("documented");
            fs::write(&seed, documented_configuration()?)
                .with_context(|| format!("cannot write `{}`", seed.display()))?;
        }
        // There is nothing for an address sanitizer in safe code, and without one no nightly toolchain is needed.
        let mut fuzzer = workspace::cargo();
        fuzzer.args(["fuzz", "run", "--dev", "--sanitizer", "none", target, &corpus, &seeds, "--"]);
        fuzzer.args([format!("-max_total_time={seconds}"), format!("-timeout={INPUT_TIMEOUT}")]);
        workspace::run(fuzzer.args(["-verbosity=0", "-print_final_stats=1"]))?;
    }
    Ok(())
}

/// Returns the configuration with all settings, as documented.
fn documented_configuration() -> anyhow::Result<String> {
    let path = workspace::path("docs/configuration.md");
    let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let block =
        text.split_once("## A complete file\n\n```toml\n").and_then(|(_, rest)| rest.split_once("```"));
    block.map(|(block, _)| block.to_owned()).context("docs/configuration.md has no complete file")
}

/// Returns the names of all fuzz targets.
fn targets() -> anyhow::Result<Vec<String>> {
    let folder = workspace::path("fuzz/targets");
    let files = fs::read_dir(&folder).with_context(|| format!("cannot read `{}`", folder.display()))?;
    let names =
        files.map(|file| Ok(file?.path().file_stem().map(|name| name.to_string_lossy().into_owned())));
    let names: std::io::Result<Vec<Option<String>>> = names.collect();
    let mut names: Vec<String> = names?.into_iter().flatten().collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_configuration_has_every_section() {
        let configuration = documented_configuration().unwrap();
        for section in ["[components]", "[webhook]", "[history]", "[environments."] {
            assert!(configuration.contains(section), "{section}");
        }
    }
}
