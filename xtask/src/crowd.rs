//! Many copies of the example suite in Rust, each with nine cases that run once a second.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use anyhow::Context as _;

use crate::{
    guests,
    stage::{Signals, Stage, samples},
};

/// The prefix of their names.
pub(crate) const NAME: &str = "good-";

/// How often to look whether they are loaded.
const GLANCE: Duration = Duration::from_millis(50);

/// Builds the suite, and copies it to so many files.
pub(crate) fn build(folder: &Path, number: usize) -> anyhow::Result<Vec<PathBuf>> {
    let suites = guests::build_examples()?;
    let (_, suite) = suites
        .iter()
        .find(|(language, _)| *language == guests::Language::Rust)
        .context("the example suite in Rust was not built")?;
    let copies = folder.join("good");
    fs::create_dir_all(&copies).with_context(|| format!("cannot create `{}`", copies.display()))?;
    (0..number)
        .map(|number| {
            let copy = copies.join(format!("{NAME}{number:02}.wasm"));
            fs::copy(suite, &copy).with_context(|| format!("cannot write `{}`", copy.display()))?;
            Ok(copy)
        })
        .collect()
}

/// Waits until the host has so many of them.
pub(crate) fn wait_until_loaded(stage: &mut Stage, signals: &Signals, number: usize) -> anyhow::Result<()> {
    while loaded(&stage.metrics()?) < number && !signals.told_to_stop() {
        stage.expect_running()?;
        thread::sleep(GLANCE);
    }
    Ok(())
}

fn loaded(page: &str) -> usize {
    let is_one =
        |name: &str, component: &str| name == "orbital_component_info" && component.starts_with(NAME);
    samples(page).filter(|sample| is_one(sample.name, sample.label("component"))).count()
}
