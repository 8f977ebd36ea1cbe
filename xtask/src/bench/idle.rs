//! A host that has little to do.

use super::{
    contestant::{Contestant, GO, ORBITAL},
    lab::Lab,
    section::Section,
    table::Table,
    trial::Trial,
};

const CASES: usize = 1000;

/// Seconds from a run of a case to the next.
const PERIOD: f64 = 60.0;

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "An idle host",
        "1000 cases with a period of a minute: 17 runs per second. Each measurement takes a minute.",
    );
    let mut table = Table::new(&["CPU, % of a core", "RSS, MiB"]).relative_to(GO);
    for _ in 0..lab.rounds() {
        for contestant in Contestant::ALL {
            let mut trial = Trial::new(lab, contestant, CASES as f64 / PERIOD);
            trial.seconds = lab.or_quick(PERIOD, 5.0);
            let measured = trial.measure(lab)?;
            table.add(contestant.name(), [measured.cores * 100.0, measured.memory]);
        }
    }
    section.table(&table);
    for (part, unit, column, limits) in
        [("CPU", "% of a core", 0, (1.0, 0.3)), ("RSS", "MiB", 1, (120.0, 60.0))]
    {
        let work = format!("idle host, {CASES} cases with a period of a minute: {part}");
        section.at_most(work, unit, limits, table.median(ORBITAL, column));
    }
    Ok(section)
}
