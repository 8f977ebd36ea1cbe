//! `cargo xtask instructions`: how many instructions hot paths execute, compared with `bench/instructions.toml`.
//!
//! The paths are the micro-benchmarks. Unlike durations, their instructions do not depend on the machine's load, so a
//! busy machine can check them.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Mutex, thread};

use anyhow::{Context as _, ensure};

use self::{comparison::compare, record::Record};
use crate::{lock::lock, workspace};

mod callgrind;
mod comparison;
mod programs;
mod record;

/// The file with the record.
const FILE: &str = "bench/instructions.toml";

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Change the record of each path that differs too much, instead of failing
    #[arg(long)]
    update: bool,
}

/// Instructions per operation, by path.
pub(crate) type Counts = BTreeMap<String, u64>;

pub(crate) fn run(Arguments { update }: &Arguments) -> anyhow::Result<()> {
    callgrind::must_be_installed()?;
    let measured = measure(programs::build()?)?;
    let file = workspace::path(FILE);
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read `{FILE}`"))?;
    let mut record = Record::parse(&text).with_context(|| format!("`{FILE}` is not a record"))?;
    let comparison = compare(&record.counts(), &measured);
    println!("{comparison}");
    if *update {
        record.set(comparison.updated());
        return fs::write(&file, record.text()?).with_context(|| format!("cannot write `{FILE}`"));
    }
    let faults = comparison.faults();
    ensure!(
        faults.is_empty(),
        "`{FILE}` differs from what was counted; `cargo xtask instructions --update` changes it.\n{}",
        faults.join("\n")
    );
    Ok(())
}

/// Counts all paths of the programs, as many at once as there are processors.
fn measure(programs: Vec<PathBuf>) -> anyhow::Result<Counts> {
    let mut waiting = Vec::new();
    for program in programs {
        waiting.extend(callgrind::paths(&program)?.into_iter().map(|path| (program.clone(), path)));
    }
    let (waiting, measured) = (Mutex::new(waiting), Mutex::new(Counts::new()));
    let work = || {
        loop {
            let next = lock(&waiting).pop();
            let Some((program, path)) = next else { return anyhow::Ok(()) };
            let count =
                callgrind::count(&program, &path).with_context(|| format!("cannot count `{path}`"))?;
            lock(&measured).insert(path, count);
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> =
            (0..thread::available_parallelism()?.get()).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker does not panic"))
    })?;
    Ok(measured.into_inner().expect("no thread panics while it holds the lock"))
}
