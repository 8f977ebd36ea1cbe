//! Settings that change while the host runs.
//!
//! The file is read again when it changes and on SIGHUP. What it says acts at once, without a restart and
//! without losing a run or a counter; what cannot, such as an address to listen on, is named. A file with
//! mistakes changes nothing.

use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::foundation::{StartError, client, provision};
use crate::report::MetricsSink;
use crate::report::log::one_line;
use crate::runner::Runner;
use crate::scheduler::SchedulerSettings;
use crate::settings::Settings;
use crate::webhook::Webhook;

/// How often the file, and those of secrets, are looked at.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Reads settings again, and hands them to the rooms.
pub struct Reloader {
    /// The file.
    pub path: PathBuf,
    /// What acts now.
    pub settings: Settings,
    /// Where the webhook listens.
    pub webhook_address: SocketAddr,
    /// Takes targets, secrets, budgets and configuration.
    pub runner: Arc<Runner>,
    /// Takes places of keys, limits and challenges.
    pub webhook: Arc<Webhook>,
    /// Takes overrides and maintenance windows.
    pub scheduler: watch::Sender<SchedulerSettings>,
    /// Is told how it went.
    pub metrics: Arc<MetricsSink>,
    /// Why the file on disk does not act; none if it does.
    pub failure: watch::Sender<Option<String>>,
}

/// What tells one content of a file from another without reading it.
type Signature = (u64, u64, Option<SystemTime>, i64);

impl Reloader {
    /// Goes on until `stop`. `hangup` is SIGHUP.
    pub async fn run(mut self, mut hangup: Signal, stop: CancellationToken) {
        self.metrics.config_loaded(true);
        let mut seen = self.signatures().await;
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                _ = hangup.recv() => true,
                () = tokio::time::sleep(LOOK_AGAIN) => false,
            };
            let now = self.signatures().await;
            if asked || now != seen {
                self.reload().await;
                // The new settings may name other files.
                seen = self.signatures().await;
            }
        }
    }

    async fn reload(&mut self) {
        let path = self.path.clone();
        let result = match tokio::task::spawn_blocking(move || Settings::load(&path)).await {
            Ok(Ok(settings)) => self.take_over(settings).map_err(|error| error.to_string()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        self.metrics.config_loaded(result.is_ok());
        match &result {
            Ok(later) if later.is_empty() => tracing::info!("the configuration was read again"),
            Ok(later) => tracing::warn!(
                "the configuration was read again; these changes act at the next start: `{}`",
                later.join("`, `")
            ),
            Err(error) => {
                let error = one_line(error);
                tracing::error!("the configuration on disk does not act, the last good one does: {error}");
            }
        }
        self.failure.send_replace(result.err());
    }

    /// Hands the settings on; gives those that act at the next start only.
    fn take_over(&mut self, settings: Settings) -> Result<Vec<&'static str>, StartError> {
        // The only part that can fail, so it comes first: all or nothing.
        let client = client(&settings)?;
        self.runner.provide(provision(&settings, self.webhook_address, client));
        self.webhook.configure(settings.webhook.clone());
        self.scheduler.send_replace(settings.scheduler.clone());
        let later = self.settings.fixed_changes(&settings);
        // What does not act yet stays as it acts, so that it is named again the next time.
        let Settings { scheduler, runner, targets, .. } = settings;
        self.settings = Settings { scheduler, runner, targets, ..self.settings.clone() };
        Ok(later)
    }

    async fn signatures(&self) -> Vec<Option<Signature>> {
        let secrets = self.settings.targets.secrets.files();
        let files: Vec<PathBuf> = std::iter::once(&self.path).chain(secrets).cloned().collect();
        let look = move || files.iter().map(|path| signature(path)).collect();
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }
}

/// Following links, as a ConfigMap has them.
fn signature(path: &Path) -> Option<Signature> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.len(), metadata.modified().ok(), metadata.ctime_nsec()))
}
