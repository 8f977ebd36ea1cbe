//! A tester at work: runs that start at a given rate, each of which sends an event and waits for its delivery.

use std::time::{Duration, SystemTime};

use anyhow::ensure;
use serde_json::Value;

use super::{
    host::{Host, Setup, every, patient},
    lab::Lab,
    server::Server,
    usage::{Window, resident},
};
use crate::{
    felt::Times,
    stage::{Addresses, Process},
};

/// How many cases a component of `bench/guest` has.
const CASES: usize = 10;

/// How many reports of runs are read to tell their times.
const REPORTS: usize = 1000;

/// A tester that is measured.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Contestant {
    Orbital { history: bool },
    Go,
    Rust,
}

pub(crate) const ORBITAL: &str = "orbital";
pub(crate) const WITHOUT_HISTORY: &str = "orbital, no history";
pub(crate) const GO: &str = "Go";
pub(crate) const RUST: &str = "Rust, no guests";

impl Contestant {
    pub(crate) const ALL: [Self; 4] =
        [Self::Orbital { history: true }, Self::Orbital { history: false }, Self::Go, Self::Rust];

    /// Those that differ in more than a setting.
    pub(crate) const DISTINCT: [Self; 3] = [Self::Orbital { history: true }, Self::Go, Self::Rust];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Orbital { history: true } => ORBITAL,
            Self::Orbital { history: false } => WITHOUT_HISTORY,
            Self::Go => GO,
            Self::Rust => RUST,
        }
    }
}

/// What a tester has to do.
#[derive(Clone, Copy)]
pub(crate) struct Trial {
    pub(crate) contestant: Contestant,
    /// Runs per second.
    pub(crate) rate: f64,
    /// How many cases there are; only the host has cases.
    pub(crate) cases: usize,
    /// How long the system under test takes, in milliseconds.
    pub(crate) delay: u64,
    /// How long to measure, in seconds.
    pub(crate) seconds: f64,
}

/// The measured values. Those that are not a number are unknown.
pub(crate) struct Measured {
    /// Runs per second that got their delivery.
    pub(crate) rate: f64,
    /// CPU time of the tester per run, in microseconds.
    pub(crate) cpu: f64,
    /// CPU time of the tester per second, in seconds.
    pub(crate) cores: f64,
    /// Resident memory, in MiB.
    pub(crate) memory: f64,
    pub(crate) times: RunTimes,
}

/// Times of runs, in milliseconds: p50, p99, and the longest.
pub(crate) struct RunTimes {
    /// From the due time to the start.
    pub(crate) start_delay: [f64; 3],
    /// From the start to the end.
    pub(crate) duration: [f64; 3],
}

impl Trial {
    /// A trial of the length of most, with a thousand cases and a system under test that delivers at once.
    pub(crate) fn new(lab: &Lab, contestant: Contestant, rate: f64) -> Self {
        Self { contestant, rate, cases: 1000, delay: 0, seconds: lab.seconds() }
    }

    /// Starts everything, measures, and repeats that if it was disturbed.
    pub(crate) fn measure(&self, lab: &Lab) -> anyhow::Result<Measured> {
        let Self { contestant, rate, cases, delay, .. } = self;
        let mut what = format!("{}: {rate:.0} runs/s", contestant.name());
        if matches!(contestant, Contestant::Orbital { .. }) {
            what += &format!(", {cases} cases");
        }
        if *delay > 0 {
            what += &format!(", {delay} ms until a delivery");
        }
        lab.undisturbed(&what, || self.measure_once(lab))
    }

    fn measure_once(&self, lab: &Lab) -> anyhow::Result<(f64, Measured)> {
        let addresses = Addresses::free()?;
        let mut system = lab.start_system(&addresses, self.delay)?;
        let mut tester = self.start(lab, &addresses)?;
        lab.warm_up()?;
        // Until runs that started first get their deliveries.
        lab.patience.pass(self.delay as f64 / 1000.0)?;
        tester.mark()?;
        let (began, before) = (SystemTime::now(), system.count("delivered")?);
        let window = Window::open(&[tester.process().id(), system.process.id()])?;
        lab.patience.pass(self.seconds)?;
        let usage = window.close()?;
        let runs = system.count("delivered")? - before;
        ensure!(runs > 0.0, "no run ended");
        let memory = resident(tester.process().id())?;
        let times = tester.times(began)?;
        ensure!(system.count("failed")? == 0.0, "deliveries failed");
        tester.stop()?;
        system.process.stop()?;
        let measured = Measured {
            rate: runs / usage.seconds,
            cpu: usage.cpu[0] / runs * 1e6,
            cores: usage.cpu[0] / usage.seconds,
            memory,
            times,
        };
        Ok((usage.foreign, measured))
    }

    /// Starts the tester alone.
    pub(crate) fn start(&self, lab: &Lab, addresses: &Addresses) -> anyhow::Result<Tester> {
        let Self { contestant, rate, cases, delay, .. } = self;
        let history = match contestant {
            Contestant::Orbital { history } => *history,
            Contestant::Go => return Ok(Tester::Opponent(lab.start_tester(true, addresses, *rate, None)?)),
            Contestant::Rust => {
                return Ok(Tester::Opponent(lab.start_tester(false, addresses, *rate, None)?));
            }
        };
        let period = *cases as f64 / rate;
        // Twice as many as there are on average, and some more for runs that end late.
        let at_once = (*delay as f64 / 1000.0 / period * 2.0).ceil() as usize + 1;
        let in_flight = *delay as f64 / 1000.0 * rate * 2.0;
        let setup = Setup {
            components: vec![(lab.guest("ten"), cases / CASES)],
            history,
            max_in_flight: (in_flight as usize).clamp(500, 10_000),
            overrides: every(Duration::from_secs_f64(period)) + &patient(at_once),
        };
        Ok(Tester::Host(lab.start_host(addresses, &setup)?))
    }
}

/// A running tester.
pub(crate) enum Tester {
    Host(Host),
    Opponent(Server),
}

impl Tester {
    pub(crate) fn process(&self) -> &Process {
        match self {
            Self::Host(host) => &host.process,
            Self::Opponent(server) => &server.process,
        }
    }

    /// Forgets the times of runs so far.
    fn mark(&self) -> anyhow::Result<()> {
        match self {
            Self::Host(_) => Ok(()),
            Self::Opponent(server) => server.stats().map(drop),
        }
    }

    /// Returns the times of runs that started after this. Fails if one did not pass.
    fn times(&self, began: SystemTime) -> anyhow::Result<RunTimes> {
        match self {
            Self::Host(host) => {
                let reports = host.reports(began, REPORTS)?;
                host.expect_passes()?;
                Ok(RunTimes {
                    start_delay: percentiles(reports.iter().filter_map(|run| run["start_delay"].as_f64())),
                    duration: percentiles(reports.iter().filter_map(|run| run["duration"].as_f64())),
                })
            }
            Self::Opponent(server) => {
                let stats = server.stats()?;
                ensure!(stats["failed"] == 0, "runs failed: {stats}");
                let read = |name: &str| ["p50", "p99", "max"].map(|part| milliseconds(&stats[name][part]));
                Ok(RunTimes { start_delay: read("start_delay_us"), duration: read("duration_us") })
            }
        }
    }

    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Host(host) => host.process.stop(),
            Self::Opponent(server) => server.process.stop(),
        }
    }
}

/// Returns p50, p99 and the longest of these times, from seconds to milliseconds.
pub(crate) fn percentiles(seconds: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut times = Times::default();
    times.extend(seconds.map(|seconds| seconds * 1e3));
    [0.5, 0.99, 1.0].map(|part| times.at(part))
}

/// Returns a number of microseconds in milliseconds; not a number if there is none.
pub(crate) fn milliseconds(microseconds: &Value) -> f64 {
    microseconds.as_f64().map_or(f64::NAN, |microseconds| microseconds / 1e3)
}
