//! Settings that change while the host runs.
//!
//! The file is read again when it changes and on SIGHUP. Its settings take effect at once, without a restart and
//! without losing a run or a counter. Settings that need a restart, such as an address to listen on, are reported. A
//! file with mistakes changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use orbital_admin::{ConfigStatus, Guard};
use orbital_compare::Environments;
use orbital_config::ConfigError;
use orbital_config::secrets::Masker;
use orbital_files::watch::{QUIET, Settling, Stamps};
use orbital_history::History;
use orbital_listener::Acceptors;
use orbital_model::error::chain;
use orbital_model::text::one_line;
use orbital_report::MetricsSink;
use orbital_run::registry::Policy;
use orbital_run::runner::Runner;
use orbital_run::scheduler::LiveSchedulerSettings;
use orbital_webhook::Webhook;
use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio::task::{JoinError, spawn_blocking};
use tokio_util::sync::CancellationToken;

use crate::foundation::{StartError, provision};
use crate::live::LiveParts;
use crate::settings::{FixedError, LiveSettings, Settings};

/// The interval at which the configuration file and the files of secrets and certificates are checked.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Reads settings again, and passes them to the other parts of the host.
pub struct Reloader {
    /// The configuration file.
    pub path: PathBuf,
    /// The settings in effect.
    pub settings: Settings,
    /// The URL on which the webhook listens.
    pub webhook_url: String,
    /// The listeners, which receive limits and certificates.
    pub acceptors: Acceptors,
    /// Receives targets, secrets, budgets and configuration.
    pub runner: Arc<Runner>,
    /// Receives the places of keys, limits, challenges and profiles.
    pub webhook: Arc<Webhook>,
    /// Receives the token of the private listener.
    pub guard: Arc<Guard>,
    /// Receives secrets, to hide them.
    pub masker: Masker,
    /// Receives overrides and maintenance windows.
    pub scheduler: watch::Sender<LiveSchedulerSettings>,
    /// Receives limits, grants and configuration with which components are loaded.
    pub policy: watch::Sender<Arc<Policy>>,
    /// Receives the other hosts that can be compared.
    pub environments: watch::Sender<Arc<Environments>>,
    /// Receives how long runs are kept.
    pub history: Arc<History>,
    /// Receives whether a reload succeeded.
    pub metrics: Arc<MetricsSink>,
    /// Receives the result of a reload, to be shown to people.
    pub status: watch::Sender<ConfigStatus>,
}

impl Reloader {
    /// Reloads changed settings until `stop` is cancelled. `hangup` is SIGHUP; `seen` has the files as they were before
    /// they were read.
    pub async fn run(mut self, mut seen: Stamps, mut hangup: Signal, stop: CancellationToken) {
        self.metrics.config_loaded(true);
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                _ = hangup.recv() => true,
                () = tokio::time::sleep(LOOK_AGAIN) => false,
            };
            let now = again(&seen).await;
            if !asked && now == seen {
                continue;
            }
            // Half a file may be valid, so the file is not read while it is being written.
            let mut now = Settling::new(now, Instant::now());
            while !now.is_quiet(QUIET, Instant::now()) {
                tokio::time::sleep(QUIET).await;
                now.look(again(now.value()).await, Instant::now());
            }
            seen = self.reload(now.into_value()).await;
        }
    }

    /// Reads the file again. Returns the files to watch next, as they were before they were read: those that the file
    /// names, even if it does not take effect, because a missing secret may be added later.
    async fn reload(&mut self, mut seen: Stamps) -> Stamps {
        let result = match self.read(&mut seen).await {
            Ok(prepared) => Ok(self.take_over(prepared)),
            Err(error) => Err(chain(&error)),
        };
        self.metrics.config_loaded(result.is_ok());
        // Updated before the log is written: a reader of the log may query the status at once.
        self.status.send_modify(|status| match &result {
            Ok(later) => {
                status.loaded_at = SystemTime::now();
                status.failure = None;
                status.at_next_start.clone_from(later);
            }
            Err(error) => status.failure = Some(error.clone()),
        });
        match result {
            Ok(later) if later.is_empty() => tracing::info!("the configuration was read again"),
            Ok(later) => tracing::warn!(
                "the configuration was read again; these changes need a restart: `{}`",
                later.join("`, `")
            ),
            Err(error) => {
                let error = one_line(&error);
                tracing::error!("the configuration on disk is invalid; using the last valid one: {error}");
            }
        }
        seen
    }

    /// Reads the file and all files that it names, outside the threads of the runtime.
    async fn read(&self, seen: &mut Stamps) -> Result<Prepared, ReloadError> {
        let path = self.path.clone();
        let file = spawn_blocking(move || Settings::load(&path)).await??;
        *seen = seen_of(seen, &self.path, &file).await;
        let (acting, masker) = (self.settings.clone(), self.masker.clone());
        spawn_blocking(move || Prepared::new(&acting, &file, &masker)).await?
    }

    /// Passes the settings on. Returns those that take effect after a restart.
    fn take_over(&mut self, prepared: Prepared) -> Vec<&'static str> {
        let Prepared { settings, later, parts } = prepared;
        let LiveParts { client, access, authenticator, environments, public, private } = parts;
        // Names every section. The last five are in the parts, in the provision and in the policy.
        let LiveSettings {
            webhook,
            scheduler,
            history,
            runner: _,
            secrets: _,
            targets: _,
            environments: _,
            admin: _,
        } = &settings.live;
        self.runner.provide(provision(&settings, self.webhook_url.clone(), client));
        self.webhook.configure(webhook.clone(), authenticator);
        self.acceptors.webhook.configure(Some(webhook.limits), public);
        self.acceptors.admin.configure(None, private);
        self.guard.admit(access);
        self.environments.send_replace(environments);
        self.history.configure(history.clone());
        self.scheduler.send_replace(scheduler.clone());
        self.policy.send_replace(Arc::new(settings.policy()));
        self.settings = settings;
        later
    }
}

/// A reload that has succeeded, except for passing it on, which cannot fail.
struct Prepared {
    /// The settings to take effect: the fixed ones as before, the others as in the file.
    settings: Settings,
    /// Settings in the file that take effect after a restart.
    later: Vec<&'static str>,
    /// The parts made from the live settings of the file, including certificates that are for the next start.
    parts: LiveParts,
}

impl Prepared {
    /// Prepares the settings of a file while others are in effect. It reads files: call it where blocking is allowed.
    ///
    /// # Errors
    /// A part cannot be used, or contradicts settings that need a restart. In this case nothing has changed.
    fn new(acting: &Settings, file: &Settings, masker: &Masker) -> Result<Self, ReloadError> {
        let settings = acting.with_live_of(file)?;
        let parts = LiveParts::new(&settings, masker)?;
        Ok(Self { later: acting.fixed_changes(file), settings, parts })
    }
}

/// An error that keeps settings that were read again from taking effect.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The file cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The host could not start with the settings either.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The settings contradict others that need a restart.
    #[error(transparent)]
    Fixed(#[from] FixedError),
    /// The task that reads the settings did not finish.
    #[error("the configuration could not be read")]
    Broken(#[from] JoinError),
}

/// Returns the stamps of a configuration file and of the files that its settings name: those that were seen before the
/// file was read, and the current ones of the rest.
pub async fn seen_of(seen: &Stamps, path: &Path, settings: &Settings) -> Stamps {
    let files: Vec<PathBuf> = settings.files().cloned().chain([path.to_owned()]).collect();
    let seen = seen.clone();
    spawn_blocking(move || seen.with_only(files)).await.unwrap_or_default()
}

/// Returns the current stamps of the same files.
pub async fn again(seen: &Stamps) -> Stamps {
    let seen = seen.clone();
    spawn_blocking(move || seen.again()).await.unwrap_or_default()
}
