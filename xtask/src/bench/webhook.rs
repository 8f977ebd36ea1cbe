//! Costs of a webhook request.

use std::process::Stdio;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::{
    contestant::Contestant,
    host::{Host, Setup},
    lab::Lab,
    section::Section,
    server::Server,
    table::Table,
    tester::milliseconds,
    usage::Window,
};
use crate::stage::{Addresses, Process};

/// The rate at which all are compared, in requests per second. Each of them can serve more.
const RATE: f64 = 20_000.0;

/// How many keys `bench-load` sends, in turns.
const KEYS: usize = 64;

const COLUMNS: [&str; 4] = ["CPU per request, µs", "requests/s", "duration p50, ms", "p99, ms"];

const ENDPOINT: &str = "hyper";
const GO: &str = "Go, no waiter";
const NO_WAITER: &str = "orbital, no waiter";
const QUEUED: &str = "orbital, key expected by a run";
const TAKEN: &str = "orbital, taken by a waiting run";

/// Receivers of the requests.
const RECEIVERS: [&str; 5] = [NO_WAITER, QUEUED, TAKEN, GO, ENDPOINT];

/// The rate of requests to a host that is trained, per second.
const TRAINING: f64 = 2000.0;

pub(crate) fn train(lab: &Lab) -> anyhow::Result<()> {
    lab.undisturbed("webhook", || receive(lab, NO_WAITER, Some(TRAINING))).map(drop)
}

pub(crate) fn measure(lab: &Lab) -> anyhow::Result<Section> {
    let mut section = Section::new(
        "A webhook request",
        "64 connections send requests with 300 bytes of JSON, which has one of 64 keys. `hyper` reads the body and \
         answers 200. Without a waiter, no run expects a key. With one, a run expects all keys and takes no delivery, or \
         64 runs wait for one key each, and each delivery resumes its guest: then the CPU time includes the guest.",
    );
    for (title, rate) in [("20,000 requests per second:", Some(RATE)), ("As many as possible:", None)] {
        let mut table = Table::new(&COLUMNS).relative_to(ENDPOINT);
        for _ in 0..lab.rounds() {
            for receiver in RECEIVERS {
                let what = format!(
                    "webhook: {receiver}, {}",
                    rate.map_or("maximum".to_owned(), |rate| format!("{rate}/s"))
                );
                let values = lab.undisturbed(&what, || receive(lab, receiver, rate))?;
                table.add(receiver, values);
            }
        }
        section.paragraph(title);
        section.table(&table);
        if rate.is_some() {
            for (part, row, limits) in
                [("no waiter", NO_WAITER, (1.4, 1.15)), ("key expected by a run", QUEUED, (1.7, 1.35))]
            {
                let work = format!("CPU per webhook request, {part}, next to hyper");
                section.at_most(work, "×", limits, table.ratio(row, ENDPOINT));
            }
        }
    }
    Ok(section)
}

/// A running receiver.
enum Receiver {
    Host(Host),
    Other(Server),
}

impl Receiver {
    fn start(lab: &Lab, addresses: &Addresses, name: &str) -> anyhow::Result<Self> {
        if name == ENDPOINT {
            return Ok(Self::Other(lab.start_endpoint(addresses)?));
        }
        if name == GO {
            return Ok(Self::Other(lab.start_tester(Contestant::Go, addresses, 1.0, Some(0))?));
        }
        let setup = Setup {
            components: vec![(lab.guest("holds"), 1)],
            history: true,
            max_in_flight: 500,
            overrides: String::new(),
        };
        let host = lab.start_host(addresses, &setup)?;
        let (case, runs) = match name {
            QUEUED => ("holds-000/keeps", 1),
            TAKEN => ("holds-000/takes", KEYS),
            _ => return Ok(Self::Host(host)),
        };
        for _ in 0..runs {
            host.start_run(case)?;
        }
        lab.patience.until("runs expect all keys", || {
            Ok(host.sum("orbital_expectations", ("", ""))? == KEYS as f64)
        })?;
        Ok(Self::Host(host))
    }

    fn process(&mut self) -> &mut Process {
        match self {
            Self::Host(host) => &mut host.process,
            Self::Other(server) => &mut server.process,
        }
    }
}

/// Measures a receiver: foreign load; CPU time, rate, and durations of requests.
fn receive(lab: &Lab, name: &str, rate: Option<f64>) -> anyhow::Result<(f64, [f64; 4])> {
    let addresses = Addresses::free()?;
    let mut receiver = Receiver::start(lab, &addresses, name)?;
    send(lab, &addresses, rate, lab.or_quick(2.0, 0.5))?;
    let window = Window::open(&[receiver.process().id()])?;
    let result = send(lab, &addresses, rate, lab.seconds())?;
    let usage = window.close()?;
    if let Receiver::Host(host) = &receiver {
        let result = match name {
            NO_WAITER => "matched",
            _ => "overflow",
        };
        let wrong = host.sum("orbital_deliveries_total", ("result", result))?;
        ensure!(wrong == 0.0, "{wrong} deliveries were counted as `{result}`");
    }
    receiver.process().stop()?;
    let count =
        |field: &str| result[field].as_f64().with_context(|| format!("`bench-load` prints no `{field}`"));
    let (requests, failed, seconds) = (count("requests")?, count("failed")?, count("seconds")?);
    ensure!(failed == 0.0, "{failed} requests failed");
    let duration = |part: &str| milliseconds(&result["duration_us"][part]);
    let values = [usage.cpu[0] / requests * 1e6, requests / seconds, duration("p50"), duration("p99")];
    Ok((usage.foreign, values))
}

/// Sends requests for some time, and returns the output of `bench-load`.
fn send(lab: &Lab, addresses: &Addresses, rate: Option<f64>, seconds: f64) -> anyhow::Result<Value> {
    let output = lab.load(addresses, rate, seconds).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "`bench-load` failed: {}", output.status);
    Ok(serde_json::from_slice(&output.stdout)?)
}
