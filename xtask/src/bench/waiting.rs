//! Many runs that wait for deliveries at once.

use std::time::{Duration, Instant};

use super::{
    contestant::Contestant,
    host::{MANUAL, Setup, every, patient},
    lab::Lab,
    server::Server,
    tester::Tester,
    trial::CASES,
    usage::resident_once,
};
use crate::stage::Addresses;

/// How many cases the host has.
const ALL_CASES: usize = 1000;

/// How many runs start per second.
const RATE: f64 = 1000.0;

/// After this time without another run, there are as many as the tester can have.
const SETTLED: Duration = Duration::from_secs(5);

/// A tester whose runs all wait for deliveries.
pub(crate) struct Waiting {
    pub(crate) tester: Tester,
    system: Server,
    /// How many runs wait.
    pub(crate) runs: f64,
    /// Resident memory before and with the runs, in MiB.
    pub(crate) before: f64,
    pub(crate) after: f64,
}

impl Waiting {
    /// Starts a tester, and returns when so many runs wait, or no more of them do.
    pub(crate) fn start(lab: &Lab, contestant: Contestant, runs: usize) -> anyhow::Result<Self> {
        let addresses = Addresses::free()?;
        let system = lab.start_system(&addresses, 0)?;
        system.ask("POST /hold", "")?;
        let (tester, before) = match contestant {
            Contestant::Orbital { history } => {
                let setup = Setup {
                    components: vec![(lab.guest("ten"), ALL_CASES / CASES)],
                    history,
                    max_in_flight: 10_000,
                    overrides: MANUAL.to_owned(),
                };
                let host = lab.start_host(&addresses, &setup)?;
                let before = resident_once(host.process.id())?;
                let period = Duration::from_secs_f64(ALL_CASES as f64 / RATE);
                host.change(&(every(period) + &patient(runs.div_ceil(ALL_CASES))))?;
                (Tester::Host(host), before)
            }
            Contestant::Go | Contestant::Rust => {
                let start = |runs| lab.start_tester(contestant, &addresses, RATE, Some(runs));
                let mut empty = start(0)?;
                let before = resident_once(empty.process.id())?;
                empty.process.stop()?;
                (Tester::Opponent(start(runs)?), before)
            }
        };
        let waiting = settle(lab, &system, runs)?;
        let after = resident_once(tester.process().id())?;
        if let Tester::Host(host) = &tester {
            // No further runs, so that those that waited can be counted.
            host.change(&(MANUAL.to_owned() + &patient(1)))?;
        }
        Ok(Self { tester, system, runs: waiting, before, after })
    }

    /// Sends all deliveries, so many per second, and returns how many runs passed.
    pub(crate) fn release(&mut self, lab: &Lab, rate: f64) -> anyhow::Result<f64> {
        self.system.ask("POST /release", &rate.to_string())?;
        // Only the system is asked meanwhile: the tester has enough to do.
        let sent = || anyhow::Ok(self.system.count("delivered")? + self.system.count("failed")?);
        lab.patience.until("all deliveries are sent", || Ok(sent()? >= self.runs))?;
        match &self.tester {
            Tester::Host(host) => {
                lab.patience
                    .until("all runs end", || Ok(host.sum("orbital_runs_in_flight", ("", ""))? == 0.0))?;
                host.sum("orbital_runs_total", ("outcome", "pass"))
            }
            Tester::Opponent(server) => {
                let ended = || anyhow::Ok(server.count("passed")? + server.count("failed")?);
                lab.patience.until("all runs end", || Ok(ended()? >= self.runs))?;
                server.count("passed")
            }
        }
    }

    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        self.tester.stop()?;
        self.system.process.stop()
    }
}

/// Waits until so many runs wait, or no more do, and returns their number.
fn settle(lab: &Lab, system: &Server, runs: usize) -> anyhow::Result<f64> {
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
