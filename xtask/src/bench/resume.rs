//! How fast a run that waits is resumed.

use std::time::SystemTime;

use super::{
    contestant::{Contestant, ORBITAL},
    lab::Lab,
    section::Section,
    table::Table,
    waiting::Waiting,
};

/// How many deliveries arrive per second.
const RATE: f64 = 2000.0;

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let waiting = lab.or_quick(5000, 2000);
    let mut section = Section::new(
        "From a delivery to the test's next statement",
        "Many runs wait, and 2000 deliveries arrive per second. The time is from the end of the request to the next statement \
         of the test; for the host, to the end of the call that waited, which its reports have.",
    );
    let mut table = Table::new(&["p50, µs", "p99, µs", "longest, µs", "runs that waited"]);
    for _ in 0..lab.rounds() {
        for contestant in Contestant::DISTINCT {
            eprintln!("{}: {waiting} waiting runs are resumed", contestant.name());
            let began = SystemTime::now();
            let mut tester = Waiting::start(lab, contestant, waiting)?;
            tester.release(lab, RATE)?;
            let [p50, p99, longest] =
                tester.tester.times(began)?.resume.map(|milliseconds| milliseconds * 1e3);
            table.add(contestant.name(), [p50, p99, longest, tester.runs]);
            tester.stop()?;
        }
    }
    section.table(&table);
    for (part, column, limits) in [("p50", 0, (60.0, 30.0)), ("p99", 1, (300.0, 240.0))] {
        let work = format!("delivery received to guest resumed, at 2000 per second: {part}");
        section.at_most(work, "µs", limits, table.median(ORBITAL, column));
    }
    Ok(section)
}
