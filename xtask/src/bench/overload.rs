//! A host with more to do than it can.

use std::time::{Duration, Instant, SystemTime};

use super::{
    contestant::ORBITAL,
    host::{Host, Setup, every, patient},
    lab::Lab,
    section::{Limit, Section, Target},
    server::Server,
    table::Table,
    tester::{milliseconds, percentiles},
    usage::Window,
};
use crate::stage::Addresses;

/// Due runs per second: far above what one machine can do.
const RATE: f64 = 100_000.0;

const COMPONENTS: usize = 100;

const CASES: usize = 1000;

/// The latency of the system under test, in milliseconds.
const LATENCY: u64 = 20;

/// How many reports of runs are read.
const REPORTS: usize = 2000;

const COLUMNS: [&str; 7] = [
    "runs/s",
    "skipped/s",
    "runs and skips, % of due",
    "start delay p99, ms",
    "longest, ms",
    "latency by reports p50, ms",
    "by the system, ms",
];

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let period = CASES as f64 / RATE * 1e3;
    let mut section = Section::new(
        "Overload",
        "1000 cases with a period of 10 ms: 100,000 runs are due per second. The system under test delivers 20 ms after an \
         event. The latency that reports have is next to the one that the system itself measured, which is busy too.",
    );
    let mut table = Table::new(&COLUMNS);
    for _ in 0..lab.rounds() {
        let values = lab.undisturbed("orbital: 100000 due runs/s", || overload(lab))?;
        table.add(ORBITAL, values);
    }
    section.table(&table);
    let mut target = |work: &str, unit, required, measured| {
        let work = format!("overload: {work}");
        section.targets.push(Target { work, unit, required, goal: None, measured });
    };
    target("longest start delay, a period at most", "ms", Limit::AtMost(period), table.median(ORBITAL, 4));
    target("runs and counted skips, of those due", "%", Limit::AtLeast(99.0), table.median(ORBITAL, 2));
    target(
        "latency by reports, next to the system's own",
        "×",
        Limit::AtMost(1.1),
        table.median(ORBITAL, 5) / table.median(ORBITAL, 6),
    );
    Ok(section)
}

fn overload(lab: &Lab) -> anyhow::Result<(f64, [f64; 7])> {
    let addresses = Addresses::free()?;
    let mut system = lab.start_system(&addresses, LATENCY)?;
    let setup = Setup {
        components: vec![(lab.guest("ten"), COMPONENTS)],
        history: true,
        max_in_flight: 500,
        overrides: every(Duration::from_secs_f64(CASES as f64 / RATE)) + &patient(1),
    };
    let mut host = lab.start_host(&addresses, &setup)?;
    lab.warm_up()?;
    let before = Counts::read(&host, &system)?;
    let began = SystemTime::now();
    system.ask("POST /reset", "")?;
    let window = Window::open(&[host.process.id(), system.process.id()])?;
    lab.patience.pass(lab.seconds())?;
    let usage = window.close()?;
    let after = Counts::read(&host, &system)?;
    let latency = milliseconds(&system.stats()?["latency_us"]["p50"]);
    let reports = host.reports(began, REPORTS)?;
    let [_, start_p99, start_longest] =
        percentiles(reports.iter().filter_map(|report| report["start_delay"].as_f64()));
    let latencies = reports.iter().filter_map(|report| {
        let timeline = report["attempts"][0]["timeline"].as_array()?;
        timeline.iter().find(|step| step["step"] == "delivery")?["latency"].as_f64()
    });
    let [reported, ..] = percentiles(latencies);
    host.process.stop()?;
    system.process.stop()?;
    let (seconds, runs, skipped) =
        ((after.at - before.at).as_secs_f64(), after.runs - before.runs, after.skipped - before.skipped);
    let accounted = (runs + skipped) / (RATE * seconds) * 100.0;
    let values = [runs / seconds, skipped / seconds, accounted, start_p99, start_longest, reported, latency];
    Ok((usage.foreign, values))
}

/// Counts of a host at one moment.
struct Counts {
    at: Instant,
    runs: f64,
    skipped: f64,
}

impl Counts {
    fn read(host: &Host, system: &Server) -> anyhow::Result<Self> {
        // Events are counted at the start of a run, and skips when a run is due.
        let (runs, skipped) = (system.count("events")?, host.sum("orbital_runs_skipped_total", ("", ""))?);
        Ok(Self { at: Instant::now(), runs, skipped })
    }
}
