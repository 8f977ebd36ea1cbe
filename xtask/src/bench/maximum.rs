//! The highest rate of runs that start in time.

use anyhow::ensure;

use super::{
    contestant::{Contestant, GO, ORBITAL},
    lab::Lab,
    section::{Limit, Section, Target},
    table::Table,
    trial::Trial,
};

/// The rate at which the search begins, in runs per second.
const FIRST: f64 = 2000.0;

/// The search gives up at this rate: something else is wrong.
const LOWEST: f64 = 10.0;

/// How late a run may start, in milliseconds: of a hundred runs, the second latest.
const LATE: f64 = 20.0;

/// The part of the due runs that must end.
const ENDED: f64 = 0.98;

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "Maximum",
        "The highest rate at which 98 % of the runs end in time, and 99 % of them start less than 20 ms late. Tester and system \
         under test share the machine.",
    );
    let mut table = Table::new(&["runs/s"]).relative_to(GO);
    for _ in 0..lab.rounds() {
        for contestant in Contestant::DISTINCT {
            table.add(contestant.name(), [highest(lab, contestant)?]);
        }
    }
    section.table(&table);
    section.targets.push(Target {
        work: "maximum of one process, starts less than 20 ms late".to_owned(),
        unit: "runs/s",
        required: Limit::AtLeast(10_000.0),
        goal: Some(Limit::AtLeast(table.median(GO, 0))),
        measured: table.median(ORBITAL, 0),
    });
    Ok(section)
}

/// Searches between a rate that works and one that does not.
fn highest(lab: &Lab, contestant: Contestant) -> anyhow::Result<f64> {
    let precision = lab.or_quick(1.05, 1.5);
    let (mut works, mut fails) = (None, None);
    let mut rate = FIRST;
    loop {
        let mut trial = Trial::new(lab, contestant, rate);
        trial.seconds = lab.or_quick(5.0, 2.0);
        let works_at_rate = match trial.measure(lab) {
            Ok(measured) => measured.rate >= rate * ENDED && measured.times.start_delay[1] < LATE,
            // A program that breaks under the load, or lacks descriptors, has not coped with it.
            Err(error) => {
                lab.patience.check()?;
                eprintln!("  {error:#}");
                false
            }
        };
        *(if works_at_rate { &mut works } else { &mut fails }) = Some(rate);
        rate = match (works, fails) {
            (Some(works), None) => works * 2.0,
            (None, Some(fails)) => {
                ensure!(fails > LOWEST, "{} does not cope with {fails:.0} runs/s", contestant.name());
                fails / 2.0
            }
            (Some(works), Some(fails)) if fails / works <= precision => return Ok(works),
            (Some(works), Some(fails)) => (works * fails).sqrt(),
            (None, None) => rate,
        };
    }
}
