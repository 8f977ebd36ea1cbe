//! Costs of a run, at three rates.

use super::{
    contestant::{Contestant, GO, ORBITAL},
    lab::Lab,
    section::Section,
    table::Table,
    trial::Trial,
};

const RATES: [f64; 3] = [100.0, 1000.0, 2500.0];

const COLUMNS: [&str; 7] = [
    "CPU per run, µs",
    "runs/s",
    "start delay p50, ms",
    "p99, ms",
    "duration p50, ms",
    "p99, ms",
    "RSS, MiB",
];

/// The rates of a host that is trained, in runs per second. A host that counts what it does can keep up with them.
const TRAINING: [f64; 2] = [200.0, 1000.0];

pub(crate) fn train(lab: &Lab) -> anyhow::Result<()> {
    for rate in TRAINING {
        Trial::new(lab, Contestant::Orbital { history: true }, rate).measure(lab)?;
    }
    Ok(())
}

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "A run",
        "Each run sends an event to the system under test, waits for its delivery, and checks it. The host has 100 \
         components with 10 cases each, and each run has an instance of its own. CPU time is that of the tester's process.",
    );
    for rate in RATES {
        let mut table = Table::new(&COLUMNS).relative_to(GO);
        for _ in 0..lab.rounds() {
            for contestant in Contestant::ALL {
                let mut trial = Trial::new(lab, contestant, rate);
                // As many runs at a low rate would take too long; half of them are enough.
                trial.seconds *= if rate < 1000.0 { 2.0 } else { 1.0 };
                let measured = trial.measure(lab)?;
                let ([start, start_p99, _], [run, run_p99, _]) =
                    (measured.times.start_delay, measured.times.duration);
                table.add(
                    contestant.name(),
                    [measured.cpu, measured.rate, start, start_p99, run, run_p99, measured.memory],
                );
            }
        }
        section.paragraph(&format!("{rate:.0} runs per second:"));
        section.table(&table);
        let work = format!("CPU per run at {rate:.0} runs/s, next to Go");
        section.at_most(work, "×", (1.0, 0.6), table.ratio(ORBITAL, GO));
    }
    Ok(section)
}
