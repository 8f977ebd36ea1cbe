//! The parts that `orbital dev` loads and runs components with; all of them depend on the configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orbital_config::ConfigError;
use orbital_config::secrets::Masker;
use orbital_files::watch::Stamps;
use orbital_model::error::chain;
use orbital_run::registry::ComponentLoader;
use orbital_run::runner::Runner;
use orbital_run::scheduler::Overrides;
use orbital_webhook::Webhook;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::example::Example;
use crate::foundation::{Foundation, StartError, authenticator, component_loader, policy, secrets};
use crate::reload::{again, seen_of};
use crate::settings::Settings;

/// The settings of an environment.
pub struct EnvironmentSettings {
    /// The configuration file.
    pub config: PathBuf,
    /// Whether the file was named by the user. In this case it must exist.
    pub is_named: bool,
    /// Whether the example pipeline is the system under test. Without a configuration, it always is.
    pub pipeline: bool,
    /// The address on which the webhook listens, instead of that in the configuration.
    pub listen: Option<SocketAddr>,
    /// The maximum number of runs at once, including those that are being cleared away.
    pub runs: usize,
}

/// An environment to load and run components in, with a webhook that listens.
pub struct DevEnvironment {
    /// Loads components.
    pub component_loader: ComponentLoader,
    /// Runs cases.
    pub runner: Arc<Runner>,
    /// The operator's overrides for cases.
    pub overrides: Overrides,
    /// The URL to which the system under test delivers.
    pub webhook: String,
    /// The configuration file, if there is one.
    pub config: Option<PathBuf>,
    /// The URL of the example pipeline, if it runs here.
    pub pipeline: Option<String>,
    /// The files that the environment depends on, as they were when it was set up.
    seen: Stamps,
    stop: DropGuard,
    serving: JoinHandle<()>,
}

/// An error that keeps an environment from being set up.
#[derive(Debug, thiserror::Error)]
pub enum DevError {
    /// The configuration has mistakes.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A part of the environment cannot be set up.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The example pipeline cannot bind a port.
    #[error("the example pipeline cannot listen")]
    Pipeline(#[source] std::io::Error),
}

impl DevError {
    /// Returns whether the configuration or the usage is the mistake, rather than the system.
    pub fn is_mistake(&self) -> bool {
        match self {
            Self::Config(_) => true,
            Self::Start(start) => start.is_mistake(),
            Self::Pipeline(_) => false,
        }
    }
}

impl DevEnvironment {
    /// Sets up an environment.
    ///
    /// # Errors
    /// The configuration has mistakes, or the first part that cannot be set up.
    pub async fn lay(
        place: &EnvironmentSettings,
        guests: &Handle,
        masker: &Masker,
    ) -> Result<Self, DevError> {
        let seen = Stamps::of(&place.config);
        let config = (place.is_named || place.config.exists()).then_some(place.config.as_path());
        let example = match place.pipeline || config.is_none() {
            true => Some(Example::bind().await.map_err(DevError::Pipeline)?),
            false => None,
        };
        let base = place.config.parent().unwrap_or(Path::new("."));
        let mut settings = match &example {
            Some(example) => example.settings(config, base)?,
            None => Settings::load(&place.config)?,
        };
        let seen = seen_of(&seen, &place.config, &settings).await;
        settings.fixed.webhook.listen = place.listen.unwrap_or(settings.fixed.webhook.listen);
        if !place.is_named {
            // The cache is in the project: a build writes nothing outside the project.
            settings.fixed.registry.use_default_cache();
        }
        // A component that was just built is not signed.
        settings.fixed.trust = None;
        settings.fixed.registry.compiling.is_awaited = true;
        let component_loader = component_loader(&settings, &policy(&settings), guests.clone(), place.runs)?;
        let secrets = secrets(&settings.live.secrets, masker)?;
        let authenticator = authenticator(&settings.live.webhook, &secrets)?;
        let Foundation { waiter, runner, webhook: listener } =
            Foundation::lay(&settings, &secrets, masker).await?;
        let (stop, webhook) = (CancellationToken::new(), listener.url());
        let app = Webhook::new(settings.webhook(), authenticator, waiter).app();
        let serving = tokio::spawn(listener.serve(app, stop.clone()));
        let pipeline = example.map(|example| {
            let (url, webhook, stop) = (example.url(), webhook.clone(), stop.clone());
            tokio::spawn(async move {
                if let Err(error) = example.serve(&webhook, stop).await {
                    tracing::error!("the example pipeline broke: {}", chain(&*error));
                }
            });
            url
        });
        Ok(Self {
            component_loader,
            runner,
            overrides: settings.live.scheduler.overrides,
            webhook,
            config: config.map(Path::to_owned),
            pipeline,
            seen,
            stop: stop.drop_guard(),
            serving,
        })
    }

    /// Returns whether the configuration, its secrets and its certificates are unchanged.
    pub async fn is_current(&self) -> bool {
        again(&self.seen).await == self.seen
    }

    /// Stops listening, and waits until the webhook's address is free.
    pub async fn close(self) {
        drop(self.stop);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the webhook broke");
        }
    }
}
