//! The memory of a run that waits.

use std::time::{Duration, Instant};

use super::{
    host::{Host, Setup, every, patient},
    lab::Lab,
    section::{Limit, Section, Target},
    server::Server,
    table::Table,
    trial::{Contestant, GO, ORBITAL},
    usage::resident,
};
use crate::stage::Addresses;

/// How many runs wait at once.
const WAITING: [usize; 2] = [5000, 10_000];

/// How many cases the host has.
const CASES: usize = 1000;

/// How many runs start per second, and how many deliveries are sent per second in the end.
const RATE: f64 = 1000.0;

/// After this time without another run, there are as many as the tester can have.
const SETTLED: Duration = Duration::from_secs(5);

const COLUMNS: [&str; 5] =
    ["memory per waiting run, KiB", "RSS before, MiB", "RSS, MiB", "waiting", "passed in the end"];

const MANUAL: &str = "\n[[override]]\ncases = \"*\"\nmanual = true\n";

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "Memory of waiting runs",
        "The system under test keeps its deliveries until all runs wait for theirs, and then sends them. Each run of the \
         host has an instance of its own, with a guest in Rust.",
    );
    let all = lab.or_quick(&WAITING[..], &[1000]);
    for waiting in all {
        let mut table = Table::new(&COLUMNS).relative_to(GO);
        for _ in 0..lab.rounds() {
            for contestant in Contestant::DISTINCT {
                eprintln!("{}: {waiting} waiting runs", contestant.name());
                let values = wait(lab, contestant, *waiting)?;
                table.add(contestant.name(), values);
            }
        }
        section.paragraph(&format!("{waiting} runs:"));
        section.table(&table);
        if Some(waiting) == all.last() {
            section.targets.push(Target {
                work: format!("memory per waiting run, of {waiting}"),
                unit: "KiB",
                required: Limit::AtMost(48.0),
                goal: Some(Limit::AtMost(24.0)),
                measured: table.median(ORBITAL, 0),
            });
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
    let addresses = Addresses::free()?;
    let mut system = lab.start_system(&addresses, 0)?;
    system.ask("POST /hold", "")?;
    let values = match contestant {
        Contestant::Orbital { history } => {
            let setup = Setup {
                components: vec![(lab.guest("ten"), CASES / 10)],
                history,
                max_in_flight: 10_000,
                overrides: MANUAL.to_owned(),
            };
            let mut host = lab.start_host(&addresses, &setup)?;
            let values = wait_in_host(lab, &host, &system, runs)?;
            host.process.stop()?;
            values
        }
        Contestant::Go | Contestant::Rust => {
            let start = |runs| lab.start_tester(contestant == Contestant::Go, &addresses, RATE, Some(runs));
            let mut empty = start(0)?;
            let before = resident(empty.process.id())?;
            empty.process.stop()?;
            let mut tester = start(runs)?;
            let waiting = waiting(lab, &system, runs)?;
            let after = resident(tester.process.id())?;
            system.ask("POST /release", &RATE.to_string())?;
            let ended = || anyhow::Ok(tester.count("passed")? + tester.count("failed")?);
            lab.patience.until("all runs end", || Ok(ended()? >= waiting))?;
            let passed = tester.count("passed")?;
            tester.process.stop()?;
            values(before, after, waiting, passed)
        }
    };
    system.process.stop()?;
    Ok(values)
}

fn wait_in_host(lab: &Lab, host: &Host, system: &Server, runs: usize) -> anyhow::Result<[f64; 5]> {
    let before = resident(host.process.id())?;
    let period = Duration::from_secs_f64(CASES as f64 / RATE);
    host.change(&(every(period) + &patient(runs.div_ceil(CASES))))?;
    let waiting = waiting(lab, system, runs)?;
    let after = resident(host.process.id())?;
    // No further runs, so that those that waited can be counted.
    host.change(&(MANUAL.to_owned() + &patient(1)))?;
    system.ask("POST /release", &RATE.to_string())?;
    let in_flight = || host.sum("orbital_runs_in_flight", ("", ""));
    lab.patience.until("all runs end", || Ok(in_flight()? == 0.0))?;
    let passed = host.sum("orbital_runs_total", ("outcome", "pass"))?;
    Ok(values(before, after, waiting, passed))
}

/// Waits until so many runs wait, or no more do, and returns their number.
fn waiting(lab: &Lab, system: &Server, runs: usize) -> anyhow::Result<f64> {
    let (mut last, mut since) = (0.0, Instant::now());
    lab.patience.until("runs wait", || {
        let now = system.count("held")?;
        if now > last {
            (last, since) = (now, Instant::now());
        }
        Ok(now >= runs as f64 || since.elapsed() > SETTLED)
    })?;
    Ok(last)
}

/// From resident memory in MiB, before and with waiting runs.
fn values(before: f64, after: f64, waiting: f64, passed: f64) -> [f64; 5] {
    [(after - before) * 1024.0 / waiting, before, after, waiting, passed]
}
