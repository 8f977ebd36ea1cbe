//! A tester at work: runs that start at a given rate, each of which sends an event and waits for its delivery.

use std::time::{Duration, SystemTime};

use anyhow::ensure;

use super::{
    contestant::Contestant,
    host::{Setup, every, patient},
    lab::Lab,
    server::Server,
    tester::{RunTimes, Tester},
    usage::{Window, resident},
};
use crate::stage::Addresses;

/// How many cases a component of `bench/guest` has.
pub(crate) const CASES: usize = 10;

/// A task for a tester.
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
        let measured = Measured::during(lab, &tester, &system, self.seconds)?;
        tester.stop()?;
        system.process.stop()?;
        Ok(measured)
    }

    /// Starts the tester alone.
    pub(crate) fn start(&self, lab: &Lab, addresses: &Addresses) -> anyhow::Result<Tester> {
        let Self { contestant, rate, cases, delay, .. } = self;
        let history = match contestant {
            Contestant::Orbital { history } => *history,
            Contestant::Go | Contestant::Rust => {
                return Ok(Tester::Opponent(lab.start_tester(*contestant, addresses, *rate, None)?));
            }
        };
        let period = *cases as f64 / rate;
        // Twice as many as there are on average, and some more for runs that end late.
        let at_once = (*delay as f64 / 1000.0 / period * 2.0).ceil() as usize + 3;
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

impl Measured {
    /// Measures a tester that is at work, and returns the foreign load, too.
    pub(crate) fn during(
        lab: &Lab,
        tester: &Tester,
        system: &Server,
        seconds: f64,
    ) -> anyhow::Result<(f64, Self)> {
        tester.reset()?;
        let (began, before) = (SystemTime::now(), system.count("delivered")?);
        let window = Window::open(&[tester.process().id(), system.process.id()])?;
        lab.patience.pass(seconds)?;
        let usage = window.close()?;
        let runs = system.count("delivered")? - before;
        ensure!(runs > 0.0, "no run ended");
        let memory = resident(tester.process().id())?;
        let times = tester.times(began)?;
        ensure!(system.count("failed")? == 0.0, "deliveries failed");
        let measured = Self {
            rate: runs / usage.seconds,
            cpu: usage.cpu[0] / runs * 1e6,
            cores: usage.cpu[0] / usage.seconds,
            memory,
            times,
        };
        Ok((usage.foreign, measured))
    }
}
