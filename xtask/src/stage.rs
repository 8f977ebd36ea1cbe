//! The real host and the example pipeline, each knowing the other's address, and a directory of components.
//!
//! The pipeline must know the webhook's address and the host must know the pipeline's, so neither can pick its own: all
//! addresses are picked before either is started (see [`addresses`]).

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::{Context as _, bail, ensure};

use self::{bad_runs::BadRun, stalls::Stalls};
use crate::{guests, workspace};

mod addresses;
mod bad_runs;
mod config;
mod process;
mod samples;
mod scrape;
mod signals;
mod stalls;
mod tally;

pub(crate) use self::{
    addresses::Addresses,
    bad_runs::began,
    config::quoted,
    process::Process,
    samples::{Sample, samples},
    scrape::ask,
    scrape::get,
    signals::Signals,
    tally::Tally,
};

/// How long the host may take to answer. This and other limits here are for what hangs: a busy machine takes less.
const READY: Duration = Duration::from_secs(120);

/// How long runs may take to end when no more are started.
const DRAINED: Duration = Duration::from_secs(180);

/// How often to look whether it does.
const GLANCE: Duration = Duration::from_millis(50);

/// Both, running. To drop it is to stop them.
pub(crate) struct Stage {
    pub(crate) addresses: Addresses,
    pipeline: Process,
    /// Takes what others than the example tests send, so that they do not load the system that those test.
    sink: Process,
    host: Process,
    /// The directory of the deployed components.
    pub(crate) components: PathBuf,
    began: SystemTime,
    stalls: Stalls,
}

impl Stage {
    /// Starts both in a folder, with nothing but these components. `more` is added to the host's configuration.
    pub(crate) fn set(
        folder: &Path,
        components: &[PathBuf],
        addresses: Addresses,
        more: &str,
    ) -> anyhow::Result<Self> {
        let directory = folder.join("components");
        // Nothing of an earlier call is left: neither its components nor the history and the pauses of its host.
        for directory in [&directory, &folder.join("state")] {
            if directory.exists() {
                fs::remove_dir_all(directory)
                    .with_context(|| format!("cannot empty `{}`", directory.display()))?;
            }
        }
        fs::create_dir_all(&directory).with_context(|| format!("cannot create `{}`", directory.display()))?;
        for component in components {
            guests::deploy(component, &directory)?;
        }
        let config = folder.join("orbital.toml");
        fs::write(&config, config::render(&directory, &addresses) + more)
            .with_context(|| format!("cannot write `{}`", config.display()))?;
        let (began, stalls) = (SystemTime::now(), Stalls::watch());
        let pipeline = start_pipeline(addresses.pipeline, addresses.webhook)?;
        let sink = start_pipeline(addresses.sink, addresses.webhook)?;
        let host = start_host(&config)?;
        let mut stage = Self { addresses, pipeline, sink, host, components: directory, began, stalls };
        stage.wait_until_up()?;
        Ok(stage)
    }

    fn wait_until_up(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + READY;
        loop {
            self.expect_running()?;
            match self.metrics() {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > end => return Err(error),
                Err(_) => thread::sleep(GLANCE),
            }
        }
    }

    /// Fails if one of them has ended, which it should not on its own.
    pub(crate) fn expect_running(&mut self) -> anyhow::Result<()> {
        self.pipeline.expect_running()?;
        self.sink.expect_running()?;
        self.host.expect_running()
    }

    /// Reads the host's `/metrics`.
    pub(crate) fn metrics(&self) -> anyhow::Result<String> {
        scrape::get(self.addresses.admin, "/metrics")
    }

    /// Reads a path of the host's API.
    pub(crate) fn api(&self, path: &str) -> anyhow::Result<serde_json::Value> {
        let answer = scrape::get(self.addresses.admin, &format!("/api/v1/{path}"))?;
        serde_json::from_str(&answer).with_context(|| format!("`{path}` is answered with what is no JSON"))
    }

    /// Fails if a run of a component with such a name did not pass, unless the machine stalled while it ran. No more runs
    /// are started, and those in flight are waited for: they count, too.
    pub(crate) fn judge(&mut self, components: &str) -> anyhow::Result<()> {
        let cases = format!("{components}*/*");
        self.drain(&cases)?;
        let (mut passed, mut not_passed) = (0.0, 0.0);
        for sample in samples(&self.metrics()?).filter(|sample| sample.name == "orbital_runs_total") {
            let is_meant = sample.label("component").starts_with(components);
            match sample.label("outcome") {
                "pass" if is_meant => passed += sample.value,
                _ if is_meant => not_passed += sample.value,
                _ => {}
            }
        }
        let bad = BadRun::list(|path| self.api(path), &cases, self.began)?;
        let listed = bad.len();
        ensure!(
            listed as f64 == not_passed,
            "{not_passed} runs did not pass by the metrics, and {listed} by the API"
        );
        let excused = bad_runs::judge(&bad, &self.stalls, passed + not_passed)?;
        let (number, length) = self.stalls.sum();
        if number > 0 {
            let seconds = length.as_secs_f64();
            println!(
                "\nthe machine stalled {number} times, {seconds:.1}s in all; {excused} runs are excused"
            );
        }
        Ok(())
    }

    /// Has no more of these cases start, and waits for runs in flight.
    fn drain(&mut self, cases: &str) -> anyhow::Result<()> {
        let pause =
            serde_json::json!({ "cases": cases, "reason": "it is over", "author": "xtask", "for": "1h" });
        scrape::ask(self.addresses.admin, "POST /api/v1/pauses", &pause.to_string())
            .context("cannot pause the cases")?;
        let end = Instant::now() + DRAINED;
        loop {
            self.expect_running()?;
            let runs = self.api(&format!("runs?cases={cases}&limit=1"))?;
            let in_flight = runs["in_flight"].as_array().context("the list has no runs in flight")?;
            match in_flight.first() {
                None => return Ok(()),
                Some(run) if Instant::now() > end => bail!("{} runs do not end: {run}", in_flight.len()),
                Some(_) => thread::sleep(GLANCE),
            }
        }
    }

    /// Switches faults of the pipeline.
    pub(crate) fn put_faults(&self, faults: &str) -> anyhow::Result<()> {
        scrape::ask(self.addresses.pipeline, "PUT /faults", faults).context("cannot switch faults")?;
        Ok(())
    }

    /// Stops both, and fails if one does not stop in peace.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        self.host.stop().and(self.pipeline.stop()).and(self.sink.stop())
    }
}

fn start_pipeline(listen: SocketAddr, webhook: SocketAddr) -> anyhow::Result<Process> {
    let mut command = Command::new(workspace::binaries()?.join("pipeline"));
    command.arg("--listen").arg(listen.to_string());
    for route in config::routes(webhook) {
        command.arg("--route").arg(route);
    }
    let mut pipeline = Process::start("pipeline", command.stdout(Stdio::piped()))?;
    pipeline.wait_for_line()?;
    Ok(pipeline)
}

fn start_host(config: &Path) -> anyhow::Result<Process> {
    let mut command = Command::new(workspace::binaries()?.join("orbital"));
    Process::start("orbital", command.arg("serve").arg("--config").arg(config))
}
