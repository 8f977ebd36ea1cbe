//! How the cost of a run depends on the number of cases, and on the number of runs in flight.

use super::{
    contestant::Contestant,
    lab::Lab,
    section::{Limit, Section, Target},
    table::Table,
    trial::Trial,
};

/// Runs per second.
const RATE: f64 = 1000.0;

const CASES: [usize; 4] = [10, 100, 1000, 10_000];

const IN_FLIGHT: [u32; 4] = [1, 100, 1000, 5000];

/// How much the largest cost may exceed the smallest.
const FLAT: f64 = 1.1;

const COLUMNS: [&str; 4] = ["CPU per run, µs", "runs/s", "start delay p99, ms", "RSS, MiB"];

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "Growth",
        "1000 runs per second of the host, with different numbers of cases and a system under test that delivers at once; then \
         with 1000 cases and a system under test that takes so long that this many runs are in flight.",
    );
    let of_cases: Vec<_> = CASES.iter().map(|cases| (format!("{cases} cases"), *cases, 0)).collect();
    let of_runs: Vec<_> = IN_FLIGHT
        .iter()
        .map(|runs| {
            // A run takes the rest of the first millisecond anyway.
            let delay = f64::from(*runs - 1) / RATE * 1000.0;
            (format!("{runs} in flight"), 1000, delay as u64)
        })
        .collect();
    for (what, rows) in [("cases", of_cases), ("runs in flight", of_runs)] {
        let mut table = Table::new(&COLUMNS);
        for _ in 0..lab.rounds() {
            for (name, cases, delay) in &rows {
                let mut trial = Trial::new(lab, Contestant::Orbital { history: true }, RATE);
                (trial.cases, trial.delay) = (*cases, *delay);
                let measured = trial.measure(lab)?;
                table
                    .add(name, [measured.cpu, measured.rate, measured.times.start_delay[1], measured.memory]);
            }
        }
        section.table(&table);
        let costs: Vec<f64> = rows.iter().map(|(name, ..)| table.median(name, 0)).collect();
        let (least, most) =
            (costs.iter().copied().fold(f64::MAX, f64::min), costs.iter().copied().fold(0.0, f64::max));
        section.targets.push(Target {
            work: format!("CPU per run by the number of {what}: largest next to smallest"),
            unit: "×",
            required: Limit::AtMost(FLAT),
            goal: None,
            measured: most / least,
        });
    }
    Ok(section)
}
