//! The memory of a run that waits.

use super::{
    contestant::{Contestant, GO, ORBITAL},
    lab::Lab,
    section::{Limit, Section, Target},
    table::Table,
    waiting::Waiting,
};

/// How many runs wait at once.
const WAITING: [usize; 2] = [5000, 10_000];

/// How many deliveries are sent per second in the end.
const RATE: f64 = 1000.0;

const COLUMNS: [&str; 5] =
    ["memory per waiting run, KiB", "PSS before, MiB", "PSS, MiB", "waiting", "passed in the end"];

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "Memory of waiting runs",
        "The system under test keeps its deliveries until all runs wait for theirs, and then sends them. Each run of the \
         host has an instance of its own, with a guest in Rust. Memory is PSS: the pages of a guest's initial memory that \
         it has not written are the same for all instances, and count once.",
    );
    let all = lab.or_quick(&WAITING[..], &[1000]);
    for waiting in all {
        let mut table = Table::new(&COLUMNS).relative_to(GO);
        for _ in 0..lab.rounds() {
            for contestant in Contestant::DISTINCT {
                eprintln!("{}: {waiting} waiting runs", contestant.name());
                let values = wait(lab, contestant, *waiting).or_else(|error| {
                    // A tester that cannot have so many runs is a result too.
                    lab.patience.check()?;
                    eprintln!("  {error:#}");
                    anyhow::Ok([f64::NAN, f64::NAN, f64::NAN, f64::NAN, 0.0])
                })?;
                table.add(contestant.name(), values);
            }
        }
        section.paragraph(&format!("{waiting} runs:"));
        section.table(&table);
        if Some(waiting) == all.last() {
            let work = format!("memory per waiting run, of {waiting}");
            section.at_most(work, "KiB", (48.0, 24.0), table.median(ORBITAL, 0));
            section.targets.push(Target {
                work: "runs that waited at once and passed".to_owned(),
                unit: "",
                required: Limit::AtLeast(*waiting as f64),
                goal: None,
                measured: table.median(ORBITAL, 4),
            });
        }
    }
    Ok(section)
}

fn wait(lab: &Lab, contestant: Contestant, runs: usize) -> anyhow::Result<[f64; 5]> {
    let mut tester = Waiting::start(lab, contestant, runs)?;
    let passed = tester.release(lab, RATE)?;
    tester.stop()?;
    let Waiting { runs, before, after, .. } = tester;
    Ok([(after - before) * 1024.0 / runs, before, after, runs, passed])
}
