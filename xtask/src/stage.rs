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
    time::{Duration, Instant},
};

use anyhow::Context as _;

use self::process::Process;
use crate::{guests, workspace};

mod addresses;
mod config;
mod process;
mod samples;
mod scrape;
mod signals;
mod tally;

pub(crate) use self::{addresses::Addresses, samples::samples, scrape::get, signals::Signals, tally::Tally};

/// How long the host may take to answer.
const READY: Duration = Duration::from_secs(30);

/// How often to look whether it does.
const GLANCE: Duration = Duration::from_millis(50);

/// Both, running. To drop it is to stop them.
pub(crate) struct Stage {
    pub(crate) addresses: Addresses,
    pipeline: Process,
    /// Takes what others than the example tests send, so that they do not load the system that those test.
    sink: Process,
    host: Process,
    /// What is deployed.
    pub(crate) components: PathBuf,
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
        if directory.exists() {
            fs::remove_dir_all(&directory)
                .with_context(|| format!("cannot empty `{}`", directory.display()))?;
        }
        fs::create_dir_all(&directory).with_context(|| format!("cannot create `{}`", directory.display()))?;
        for component in components {
            guests::deploy(component, &directory)?;
        }
        let config = folder.join("orbital.toml");
        fs::write(&config, config::render(&directory, &addresses) + more)
            .with_context(|| format!("cannot write `{}`", config.display()))?;
        let pipeline = start_pipeline(addresses.pipeline, addresses.webhook)?;
        let sink = start_pipeline(addresses.sink, addresses.webhook)?;
        let host = start_host(&config)?;
        let mut stage = Self { addresses, pipeline, sink, host, components: directory };
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

    /// What the host says at `/metrics`.
    pub(crate) fn metrics(&self) -> anyhow::Result<String> {
        scrape::get(self.addresses.admin, "/metrics")
    }

    /// What the host's API says at a path.
    pub(crate) fn api(&self, path: &str) -> anyhow::Result<serde_json::Value> {
        let answer = scrape::get(self.addresses.admin, &format!("/api/v1/{path}"))?;
        serde_json::from_str(&answer).with_context(|| format!("`{path}` is answered with what is no JSON"))
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
