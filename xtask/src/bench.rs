//! `cargo xtask bench`: the costs of runs, of webhook requests and of waiting, next to programs of our own that do the same
//! without a sandbox.
//!
//! Contestants take turns, so that a change of the machine affects all of them alike. Figures of one call can be compared
//! with each other; those of two calls only if their ratios agree. The results are in `docs/benchmarks.md`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::ValueEnum as _;

use self::{lab::Lab, section::Section};
use crate::{guests, micro, workspace};

mod contestant;
mod deploy;
mod host;
mod idle;
mod lab;
mod languages;
mod maximum;
mod memory;
mod overload;
mod patience;
mod report;
mod resume;
mod runs;
mod scale;
mod section;
mod server;
mod starts;
mod table;
mod tester;
mod trial;
mod usage;
mod waiting;
mod webhook;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Measure once and briefly, to see that everything works; the document is not changed
    #[arg(long)]
    quick: bool,
    /// The host to measure, instead of a new build of the one that is installed; the programs of `bench/` must be next to it
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// The benchmarks to run; default: all
    #[arg(value_name = "NAME")]
    names: Vec<Name>,
}

/// The benchmarks, in the order of the document.
#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
pub(crate) enum Name {
    Runs,
    Maximum,
    Webhook,
    Resume,
    Starts,
    Memory,
    Idle,
    Scale,
    Deploy,
    Languages,
    Overload,
}

impl Name {
    fn measure(self, lab: &Lab) -> anyhow::Result<Section> {
        match self {
            Self::Runs => runs::measure(lab),
            Self::Maximum => maximum::measure(lab),
            Self::Webhook => webhook::measure(lab),
            Self::Resume => resume::measure(lab),
            Self::Starts => starts::measure(lab),
            Self::Memory => memory::measure(lab),
            Self::Idle => idle::measure(lab),
            Self::Scale => scale::measure(lab),
            Self::Deploy => deploy::measure(lab),
            Self::Languages => languages::measure(lab),
            Self::Overload => overload::measure(lab),
        }
    }
}

/// Returns the name as on the command line.
fn text(name: &Name) -> String {
    name.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Runs each benchmark once and briefly, without optimization, to see that all of them work.
pub(crate) fn check() -> anyhow::Result<()> {
    guests::build_bench()?;
    workspace::run(workspace::cargo().args(["test", "--workspace"]).args(micro::all()))?;
    workspace::build_binaries()?;
    measure(&Lab::prepare(true, workspace::binaries()?.join("orbital"))?, &[])
}

/// Lets a host do what hosts do most, for a profile of its code.
pub(crate) fn train(host: PathBuf) -> anyhow::Result<()> {
    let lab = Lab::new(true, host)?;
    runs::train(&lab)?;
    webhook::train(&lab)
}

/// Measures the host that is named, or else the one that `build` makes.
pub(crate) fn run(
    Arguments { quick, binary, names }: &Arguments,
    build: fn() -> anyhow::Result<PathBuf>,
) -> anyhow::Result<()> {
    let host = match binary {
        Some(binary) => binary.canonicalize().with_context(|| format!("no `{}`", binary.display()))?,
        None => build()?,
    };
    measure(&Lab::prepare(*quick, host)?, names)
}

fn measure(lab: &Lab, names: &[Name]) -> anyhow::Result<()> {
    let is_wanted = |name: &&Name| names.is_empty() || names.contains(*name);
    for name in Name::value_variants().iter().filter(is_wanted) {
        let mut section = name.measure(lab)?;
        if let Some(disturbances) = lab.disturbances() {
            section.paragraph(&disturbances);
        }
        println!("{section}");
        if !lab.quick {
            report::store(&lab.folder, &text(name), &section)?;
            report::write(&lab.folder, Name::value_variants().iter().map(text))?;
        }
    }
    Ok(())
}
