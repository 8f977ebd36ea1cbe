//! Costs of a run in each language.

use std::path::Path;

use super::{
    host::{MANUAL, Setup, patient},
    lab::Lab,
    section::Section,
    table::Table,
    tester::Tester,
    trial::Measured,
};
use crate::stage::Addresses;

const COLUMNS: [&str; 4] = ["CPU per run, µs", "duration p50, ms", "p99, ms", "RSS, MiB"];

/// Twenty runs per second of one case.
const TWENTY_PER_SECOND: &str = "\n[[override]]\ncases = \"*/smoke\"\nevery = \"50ms\"\n";

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "Languages",
        "Twenty runs per second of the case `smoke` of the example suites, each with an instance of its own. The CPU time includes \
         creating and dropping the instance.",
    );
    let suites = lab.suites()?;
    let mut table = Table::new(&COLUMNS).relative_to("Rust");
    for _ in 0..lab.rounds() {
        for (language, suite) in &suites {
            let measured = lab.undisturbed(&format!("{language}: 20 runs/s"), || run(lab, suite))?;
            let [p50, p99, _] = measured.times.duration;
            table.add(&language.to_string(), [measured.cpu, p50, p99, measured.memory]);
        }
    }
    section.table(&table);
    Ok(section)
}

fn run(lab: &Lab, suite: &Path) -> anyhow::Result<(f64, Measured)> {
    let addresses = Addresses::free()?;
    let mut system = lab.start_system(&addresses, 0)?;
    let setup = Setup {
        components: vec![(suite.to_owned(), 1)],
        history: true,
        max_in_flight: 500,
        overrides: [MANUAL, TWENTY_PER_SECOND, &patient(10)].concat(),
    };
    let mut tester = Tester::Host(lab.start_host(&addresses, &setup)?);
    lab.warm_up()?;
    let measured = Measured::during(lab, &tester, &system, lab.seconds())?;
    tester.stop()?;
    system.process.stop()?;
    Ok(measured)
}
