//! Everything that the measurements need: programs, components, a folder, and the rules for repeating them.

use std::{cell::RefCell, fs, path::PathBuf, process::Command};

use anyhow::Context as _;

use super::{
    contestant::Contestant,
    host::{Host, Setup},
    patience::Patience,
    server::Server,
};
use crate::{
    guests::{self, LANGUAGES, Language},
    stage::Addresses,
    workspace,
};

/// How many cores other programs may use during a measurement. Beyond it, the measurement is repeated.
const QUIET: f64 = 0.15;

/// How often a measurement is made at most. The one with the least disturbance counts.
const ATTEMPTS: usize = 4;

/// Everything that the measurements need.
pub(crate) struct Lab {
    pub(crate) folder: PathBuf,
    /// The folder with the host and the Rust programs of `bench/`.
    programs: PathBuf,
    host: PathBuf,
    go: PathBuf,
    /// The components of `bench/guest`.
    guests: PathBuf,
    pub(crate) quick: bool,
    pub(crate) patience: Patience,
    /// The load of other programs during each measurement, in cores.
    disturbances: RefCell<Vec<f64>>,
}

impl Lab {
    /// Builds everything but the host, next to which are the other Rust programs.
    pub(crate) fn prepare(quick: bool, host: PathBuf) -> anyhow::Result<Self> {
        let lab = Self::new(quick, host)?;
        let mut build = Command::new("go");
        build.current_dir(workspace::path("bench/go")).args(["build", "-o"]).arg(&lab.go).arg(".");
        workspace::run(&mut build).context("install Go 1.25 or newer from https://go.dev/dl")?;
        Ok(lab)
    }

    /// A lab for this host alone, without programs to compare it with.
    pub(crate) fn new(quick: bool, host: PathBuf) -> anyhow::Result<Self> {
        let folder = workspace::path("target/bench");
        fs::create_dir_all(&folder).with_context(|| format!("cannot create `{}`", folder.display()))?;
        Ok(Self {
            programs: host.with_file_name(""),
            host,
            go: folder.join("bench-go"),
            folder,
            guests: guests::build_bench()?,
            quick,
            patience: Patience::new()?,
            disturbances: RefCell::default(),
        })
    }

    /// How often each contestant is measured.
    pub(crate) fn rounds(&self) -> usize {
        if self.quick { 1 } else { 3 }
    }

    /// Returns this, or the second value for a quick look.
    pub(crate) fn or_quick<T>(&self, usual: T, quick: T) -> T {
        if self.quick { quick } else { usual }
    }

    /// Lets a tester run before it is measured.
    pub(crate) fn warm_up(&self) -> anyhow::Result<()> {
        self.patience.pass(self.or_quick(3.0, 1.0))
    }

    /// How long a measurement takes, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.or_quick(10.0, 2.0)
    }

    /// Measures, and again if other programs disturbed it. The function returns the foreign load in cores, and a result.
    pub(crate) fn undisturbed<T>(
        &self,
        what: &str,
        mut measure: impl FnMut() -> anyhow::Result<(f64, T)>,
    ) -> anyhow::Result<T> {
        eprintln!("{what}");
        let mut best = measure().with_context(|| what.to_owned())?;
        let attempts = if self.quick { 1 } else { ATTEMPTS };
        for _ in 1..attempts {
            if best.0 <= QUIET {
                break;
            }
            eprintln!("  again: other programs used {:.2} cores", best.0);
            let next = measure().with_context(|| what.to_owned())?;
            if next.0 < best.0 {
                best = next;
            }
        }
        self.disturbances.borrow_mut().push(best.0);
        Ok(best.1)
    }

    /// Returns a sentence about disturbances since the last call, if anything was measured that they matter to.
    pub(crate) fn disturbances(&self) -> Option<String> {
        let all = self.disturbances.take();
        let disturbed = all.iter().filter(|load| **load > QUIET).count();
        let most = all.iter().copied().reduce(f64::max)?;
        Some(format!(
            "{} measurements; other programs used at most {most:.2} cores, and more than {QUIET} in {disturbed} of them.",
            all.len()
        ))
    }

    /// Returns the path of a component of `bench/guest`.
    pub(crate) fn guest(&self, name: &str) -> PathBuf {
        self.guests.join(format!("{name}.wasm"))
    }

    /// Returns the example suites of all languages whose tools are installed; for a quick look, those that are built.
    pub(crate) fn suites(&self) -> anyhow::Result<Vec<(Language, PathBuf)>> {
        if !self.quick {
            return guests::build_examples();
        }
        let suites = LANGUAGES.map(|language| (language, guests::example(language)));
        Ok(suites.into_iter().filter(|(_, suite)| suite.exists()).collect())
    }

    /// Starts the system under test, which delivers so many milliseconds after an event.
    pub(crate) fn start_system(&self, addresses: &Addresses, delay: u64) -> anyhow::Result<Server> {
        let mut command = Command::new(self.programs.join("bench-system"));
        let webhook = format!("http://{}/hooks/bench", addresses.webhook);
        command.args(["--listen", &addresses.pipeline.to_string(), "--deliver-to", &webhook]);
        command.args(["--delay", &delay.to_string()]);
        Server::start("bench-system", &mut command)
    }

    pub(crate) fn start_host(&self, addresses: &Addresses, setup: &Setup) -> anyhow::Result<Host> {
        Host::start(&self.host, &self.folder, &self.patience, addresses, setup)
    }

    /// Starts a host that has no compiled code.
    pub(crate) fn start_host_without_cache(
        &self,
        addresses: &Addresses,
        setup: &Setup,
    ) -> anyhow::Result<Host> {
        let folder = self.folder.join("deploy");
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("cannot empty `{}`", folder.display()))?;
        }
        Host::start(&self.host, &folder, &self.patience, addresses, setup)
    }

    /// Starts the tester in Go, or the one in Rust without guests.
    pub(crate) fn start_tester(
        &self,
        contestant: Contestant,
        addresses: &Addresses,
        rate: f64,
        runs: Option<usize>,
    ) -> anyhow::Result<Server> {
        let (name, program) = match contestant {
            Contestant::Go => ("bench-go", self.go.clone()),
            _ => ("bench-tester", self.programs.join("bench-tester")),
        };
        let mut command = Command::new(program);
        let target = format!("http://{}/events", addresses.pipeline);
        command.args(["--listen", &addresses.webhook.to_string(), "--target", &target]);
        command.args(["--rate", &rate.to_string()]);
        if let Some(runs) = runs {
            command.args(["--runs", &runs.to_string()]);
        }
        Server::start(name, &mut command)
    }

    /// Starts the endpoint that does nothing.
    pub(crate) fn start_endpoint(&self, addresses: &Addresses) -> anyhow::Result<Server> {
        let mut command = Command::new(self.programs.join("bench-endpoint"));
        Server::start("bench-endpoint", command.args(["--listen", &addresses.webhook.to_string()]))
    }

    /// Returns the command that sends requests to the webhook.
    pub(crate) fn load(&self, addresses: &Addresses, rate: Option<f64>, seconds: f64) -> Command {
        let mut command = Command::new(self.programs.join("bench-load"));
        command.args(["--to", &addresses.webhook.to_string(), "--seconds", &seconds.to_string()]);
        if let Some(rate) = rate {
            command.args(["--rate", &rate.to_string()]);
        }
        command
    }
}
