//! `cargo xtask bench`: the costs of runs, of webhook requests and of waiting, next to programs of our own that do the same
//! without a sandbox.
//!
//! Contestants take turns, so that a change of the machine affects all of them alike. Figures of one call can be compared
//! with each other; those of two calls only if their ratios agree. The results are in `docs/benchmarks.md`.

use std::path::PathBuf;

use self::{lab::Lab, section::Section};

mod host;
mod idle;
mod lab;
mod memory;
mod patience;
mod report;
mod runs;
mod section;
mod server;
mod table;
mod trial;
mod usage;
mod webhook;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Measure once and briefly, to see that everything works; the document is not changed
    #[arg(long)]
    quick: bool,
    /// The host to measure, instead of a new release build; the programs of `bench/` must be next to it
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
    Webhook,
    Memory,
    Idle,
}

impl Name {
    const ALL: [Self; 4] = [Self::Runs, Self::Webhook, Self::Memory, Self::Idle];

    fn measure(self, lab: &Lab) -> anyhow::Result<Section> {
        match self {
            Self::Runs => runs::measure(lab),
            Self::Webhook => webhook::measure(lab),
            Self::Memory => memory::measure(lab),
            Self::Idle => idle::measure(lab),
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Webhook => "webhook",
            Self::Memory => "memory",
            Self::Idle => "idle",
        }
    }
}

pub(crate) fn run(Arguments { quick, binary, names }: &Arguments) -> anyhow::Result<()> {
    let lab = Lab::prepare(*quick, binary.as_deref())?;
    let is_wanted = |name: &Name| names.is_empty() || names.contains(name);
    for name in Name::ALL.into_iter().filter(is_wanted) {
        let mut section = name.measure(&lab)?;
        if let Some(disturbances) = lab.disturbances() {
            section.paragraph(&disturbances);
        }
        println!("{section}");
        if !quick {
            report::store(&lab.folder, name.text(), &section)?;
            report::write(&lab.folder, &Name::ALL.map(Name::text))?;
        }
    }
    Ok(())
}
