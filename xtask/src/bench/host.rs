//! The host that is measured.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::patience::Patience;
use crate::{
    guests,
    stage::{self, Addresses, Process, began, quoted, samples},
};

/// Levels of the host's log. It would name each case that an overloaded host skips.
const LOG: &str = "error,orbital_report::log=off";

/// How many runs a page of the API lists.
const PAGE: usize = 500;

/// Settings of a host, and the components that it has when it starts.
pub(crate) struct Setup {
    /// Component files, each with a number of copies.
    pub(crate) components: Vec<(PathBuf, usize)>,
    pub(crate) history: bool,
    pub(crate) max_in_flight: usize,
    /// Further sections of the configuration.
    pub(crate) overrides: String,
}

/// A running host. To drop it is to stop it.
pub(crate) struct Host {
    pub(crate) process: Process,
    pub(crate) folder: PathBuf,
    base: String,
    admin: SocketAddr,
    patience: Patience,
}

impl Host {
    /// Starts a host in an empty folder next to its code cache, and waits until it has loaded everything.
    pub(crate) fn start(
        binary: &Path,
        folder: &Path,
        patience: &Patience,
        addresses: &Addresses,
        setup: &Setup,
    ) -> anyhow::Result<Self> {
        let host = folder.join("host");
        let components = host.join("components");
        if host.exists() {
            fs::remove_dir_all(&host).with_context(|| format!("cannot empty `{}`", host.display()))?;
        }
        fs::create_dir_all(&components)
            .with_context(|| format!("cannot create `{}`", components.display()))?;
        for (component, copies) in &setup.components {
            let name = component.file_stem().context("a component needs a name")?.display();
            for number in 0..*copies {
                let copy = components.join(format!("{name}-{number:03}.wasm"));
                fs::copy(component, &copy).with_context(|| format!("cannot write `{}`", copy.display()))?;
            }
        }
        let base = configuration(folder, addresses, setup);
        let config = host.join("orbital.toml");
        fs::write(&config, format!("{base}{}", setup.overrides))
            .with_context(|| format!("cannot write `{}`", config.display()))?;
        let mut command = Command::new(binary);
        // A line for each run goes to the standard output, as in operation, and nobody reads it.
        command.arg("serve").arg("--config").arg(config).env("RUST_LOG", LOG).stdout(Stdio::null());
        let process = Process::start("orbital", &mut command)?;
        let mut host =
            Self { process, folder: host, base, admin: addresses.admin, patience: patience.clone() };
        patience.until("the host is ready", || {
            host.process.expect_running()?;
            Ok(stage::get(addresses.admin, "/readyz").is_ok())
        })?;
        Ok(host)
    }

    /// Changes the overrides, and waits until they are in effect.
    pub(crate) fn change(&self, overrides: &str) -> anyhow::Result<()> {
        let loaded_at = || anyhow::Ok(self.api("config")?["loaded_at"].take());
        let before = loaded_at()?;
        let (new, config) = (self.folder.join("new.toml"), self.folder.join("orbital.toml"));
        fs::write(&new, format!("{}{overrides}", self.base))
            .and_then(|()| fs::rename(&new, &config))
            .with_context(|| format!("cannot write `{}`", config.display()))?;
        self.patience.until("the configuration is read again", || Ok(loaded_at()? != before))
    }

    /// Adds a component under another name.
    pub(crate) fn deploy(&self, component: &Path, name: &str) -> anyhow::Result<()> {
        let renamed = self.folder.join(format!("{name}.wasm"));
        fs::copy(component, &renamed).with_context(|| format!("cannot write `{}`", renamed.display()))?;
        guests::deploy(&renamed, &self.folder.join("components"))?;
        Ok(())
    }

    /// Starts a run of a case now.
    pub(crate) fn start_run(&self, case: &str) -> anyhow::Result<()> {
        stage::ask(self.admin, &format!("POST /api/v1/cases/{case}/runs"), "")
            .with_context(|| format!("cannot run `{case}`"))?;
        Ok(())
    }

    /// Reads a path of the API.
    pub(crate) fn api(&self, path: &str) -> anyhow::Result<Value> {
        let answer = stage::get(self.admin, &format!("/api/v1/{path}"))?;
        serde_json::from_str(&answer).with_context(|| format!("the response to `{path}` is not JSON"))
    }

    /// Returns the sum of a metric's samples that have this label.
    pub(crate) fn sum(&self, metric: &str, (label, value): (&str, &str)) -> anyhow::Result<f64> {
        let page = stage::get(self.admin, "/metrics")?;
        let is_meant = |sample: &stage::Sample<'_>| {
            sample.name == metric && (label.is_empty() || sample.label(label) == value)
        };
        Ok(samples(&page).filter(is_meant).map(|sample| sample.value).sum())
    }

    /// Fails if a run did not pass.
    pub(crate) fn expect_passes(&self) -> anyhow::Result<()> {
        let page = stage::get(self.admin, "/metrics")?;
        let (mut passed, mut not_passed) = (0.0, 0.0);
        for sample in samples(&page).filter(|sample| sample.name == "orbital_runs_total") {
            let counter = if sample.label("outcome") == "pass" { &mut passed } else { &mut not_passed };
            *counter += sample.value;
        }
        ensure!(passed > 0.0, "no run passed");
        ensure!(not_passed == 0.0, "{not_passed} runs did not pass, and {passed} did");
        Ok(())
    }

    /// Returns the reports of the newest runs that started after this, at most so many.
    pub(crate) fn reports(&self, since: SystemTime, at_most: usize) -> anyhow::Result<Vec<Value>> {
        let mut ids = Vec::new();
        let mut before = String::new();
        'pages: loop {
            let page = self.api(&format!("runs?limit={PAGE}{before}"))?;
            for run in page["runs"].as_array().context("the list has no runs")? {
                let id = run["run"].as_str().context("a run has no id")?;
                if began(id)? < since || ids.len() == at_most {
                    break 'pages;
                }
                ids.push(id.to_owned());
            }
            match page["next"].as_str() {
                Some(next) => before = format!("&before={next}"),
                None => break,
            }
        }
        // A run that is no longer kept is passed over.
        let reports = ids.iter().filter_map(|id| self.api(&format!("runs/{id}")).ok());
        Ok(reports.filter(|report| report["attempts"].is_array()).collect())
    }
}

/// The settings that all measurements have in common.
fn configuration(folder: &Path, addresses: &Addresses, setup: &Setup) -> String {
    let Addresses { pipeline, webhook, admin, .. } = addresses;
    let Setup { history, max_in_flight, .. } = setup;
    let (cache, cache_key) = (quoted(&folder.join("cache")), quoted(&folder.join("cache.key")));
    format!(
        r#"state = "state"

[components]
directory = "components"
cache = {cache}
cache_key = {cache_key}
max_rate = 1000000

[components."*"]
targets = ["*"]
metrics = true

[scheduler]
max_in_flight = {max_in_flight}
component_max_in_flight = {max_in_flight}
shutdown_grace = "2s"

[webhook]
listen = "{webhook}"
keys = [{{ json = "/id" }}]

[waiter]
queue_per_key = 100000
queue_bytes = "4GiB"

[admin]
listen = "{admin}"

[targets.api]
url = "http://{pipeline}/events"

# Example suites have cases with these targets, too.
[targets.pipeline]
url = "http://{pipeline}"

[targets.segment]
url = "http://{pipeline}"

[history]
enabled = {history}
"#
    )
}

/// An override that makes no case due.
pub(crate) const MANUAL: &str = "\n[[override]]\ncases = \"*\"\nmanual = true\n";

/// An override that makes all cases due with this period.
pub(crate) fn every(period: Duration) -> String {
    let nanoseconds = period.as_nanos();
    format!("\n[[override]]\ncases = \"*\"\nevery = \"{nanoseconds}ns\"\n")
}

/// An override that allows so many runs of a case at once, and lets each of them wait.
pub(crate) fn patient(max_in_flight: usize) -> String {
    format!("\n[[override]]\ncases = \"*\"\ntimeout = \"30m\"\nmax_in_flight = {max_in_flight}\n")
}
