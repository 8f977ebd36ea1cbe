//! How long a deployment takes.

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use anyhow::Context as _;

use super::{
    host::{Host, MANUAL, Setup},
    lab::Lab,
    section::Section,
    table::Table,
};
use crate::{
    guests::Language,
    stage::{Addresses, began},
};

/// Only one case has a first run, at once.
const FIRST_RUN: &str = "\n[[override]]\ncases = \"*/smoke\"\nevery = \"1h\"\n";

/// Languages with a target for a deployment that is compiled, and for one whose code is cached, in milliseconds.
const TARGETS: [(Language, f64, f64); 3] =
    [(Language::Rust, 150.0, 20.0), (Language::Python, 3000.0, 50.0), (Language::TypeScript, 3000.0, 50.0)];

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "Deployment",
        "From the moment when the file of an example suite is complete to the start of its first run: compiled, and with code \
         from the cache, under another name.",
    );
    let suites = lab.suites()?;
    let mut table = Table::new(&["compiled, ms", "cached, ms"]);
    for _ in 0..lab.rounds() {
        for (language, suite) in &suites {
            eprintln!("deploy: {language}");
            table.add(&language.to_string(), deploy(lab, suite)?);
        }
    }
    section.table(&table);
    for (language, compiled, cached) in TARGETS {
        for (column, what, required) in [(0, "compiled", compiled), (1, "cached", cached)] {
            let work = format!("deployment, file complete to first run, {language}, {what}");
            let measured = table.median(&language.to_string(), column);
            section.at_most(work, "ms", (required, required / 2.0), measured);
        }
    }
    Ok(section)
}

fn deploy(lab: &Lab, suite: &Path) -> anyhow::Result<[f64; 2]> {
    let addresses = Addresses::free()?;
    let mut system = lab.start_system(&addresses, 0)?;
    let setup = Setup {
        components: Vec::new(),
        history: true,
        max_in_flight: 500,
        overrides: MANUAL.to_owned() + FIRST_RUN,
    };
    let mut host = lab.start_host_without_cache(&addresses, &setup)?;
    let times = [first_run(lab, &host, suite, "compiled")?, first_run(lab, &host, suite, "cached")?];
    host.process.stop()?;
    system.process.stop()?;
    Ok(times)
}

/// Deploys a suite under this name, and returns the milliseconds until its first run.
fn first_run(lab: &Lab, host: &Host, suite: &Path, name: &str) -> anyhow::Result<f64> {
    host.deploy(suite, name)?;
    let deployed = SystemTime::now();
    let mut first = None;
    lab.patience.until("the first run", || {
        let runs = host.api(&format!("runs?cases={name}/*"))?;
        let all =
            [&runs["in_flight"], &runs["runs"]].into_iter().filter_map(|list| list.as_array()).flatten();
        for id in all.filter_map(|run| run["run"].as_str()) {
            let began = began(id)?;
            first = Some(first.map_or(began, |first: SystemTime| first.min(began)));
        }
        Ok(first.is_some())
    })?;
    // Ids of runs have whole milliseconds.
    let first = first.context("there is no run")? + Duration::from_millis(1);
    Ok(first.duration_since(deployed).unwrap_or_default().as_secs_f64() * 1e3)
}
