//! How late runs start.

use super::{
    contestant::{Contestant, ORBITAL},
    lab::Lab,
    section::Section,
    table::Table,
    trial::Trial,
};

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "Start delay",
        "1000 cases with a period of a second. The delay is from the time when a run is due to its start: of the newest 2000 \
         runs of the host, and of all runs of the other testers.",
    );
    let mut table = Table::new(&["p50, ms", "p99, ms", "longest, ms"]);
    for _ in 0..lab.rounds() {
        for contestant in Contestant::DISTINCT {
            let measured = Trial::new(lab, contestant, 1000.0).measure(lab)?;
            table.add(contestant.name(), measured.times.start_delay);
        }
    }
    section.table(&table);
    let work = "start delay, 1000 cases with a period of a second: p99";
    section.at_most(work, "ms", (5.0, 2.0), table.median(ORBITAL, 1));
    Ok(section)
}
