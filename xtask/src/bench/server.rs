//! A program of `bench/` that serves HTTP.

use std::{
    net::SocketAddr,
    process::{Command, Stdio},
};

use anyhow::Context as _;
use serde_json::Value;

use crate::stage::{self, Process};

/// A running program, and where it listens. To drop it is to stop it.
pub(crate) struct Server {
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts a program, and waits until it listens.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        let mut process = Process::start(name, command.stdout(Stdio::piped()))?;
        let line = process.wait_for_line()?;
        let address = line.rsplit_once("http://").and_then(|(_, address)| address.trim().parse().ok());
        let address = address.with_context(|| format!("`{name}` does not say where it listens: {line}"))?;
        Ok(Self { process, address })
    }

    /// Returns its statistics.
    pub(crate) fn stats(&self) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&stage::get(self.address, "/stats")?)?)
    }

    /// Returns a number of its statistics.
    pub(crate) fn count(&self, name: &str) -> anyhow::Result<f64> {
        self.stats()?[name].as_f64().with_context(|| format!("the statistics have no `{name}`"))
    }

    /// Sends a request such as `POST /hold`.
    pub(crate) fn ask(&self, request: &str, body: &str) -> anyhow::Result<()> {
        stage::ask(self.address, request, body).with_context(|| format!("`{request}` failed"))?;
        Ok(())
    }
}
