//! What components are loaded and run on: all that is made of the configuration.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use orbital_config::ConfigError;
use orbital_config::secrets::Masker;
use orbital_model::error::chain;
use orbital_run::registry::Workshop;
use orbital_run::runner::Runner;
use orbital_run::scheduler::Overrides;
use orbital_webhook::Webhook;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::example::Example;
use crate::foundation::{Foundation, StartError, gate, secrets, terms, workshop};
use crate::reload::Seen;
use crate::settings::Settings;

/// What a bench is to be made of.
pub struct Place {
    /// The configuration file.
    pub config: PathBuf,
    /// Whether somebody named it: it must be there then.
    pub is_named: bool,
    /// Whether the example pipeline is the system under test. It is too if there is no configuration.
    pub pipeline: bool,
    /// Where the webhook listens, instead of what the configuration says.
    pub listen: Option<SocketAddr>,
    /// How many runs there may be at once, those included that are being cleared away.
    pub runs: usize,
}

/// A place to load and run components, with a webhook that listens.
pub struct Bench {
    /// Loads.
    pub workshop: Workshop,
    /// Runs.
    pub runner: Arc<Runner>,
    /// What the operator set for cases.
    pub overrides: Overrides,
    /// Where the system under test delivers to.
    pub webhook: String,
    /// The configuration file, if there is one.
    pub config: Option<PathBuf>,
    /// Where the example pipeline is, if it runs here.
    pub pipeline: Option<String>,
    /// The files that it is made of, as they were.
    seen: Seen,
    stop: DropGuard,
    serving: JoinHandle<()>,
}

/// Why there is no bench.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The configuration has mistakes.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A part of it cannot be had.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The pipeline has no port.
    #[error("the example pipeline cannot listen")]
    Pipeline(#[source] std::io::Error),
}

impl Bench {
    /// Sets everything up.
    ///
    /// # Errors
    /// The configuration has mistakes, or the first part that cannot be had.
    pub async fn lay(place: &Place, guests: &Handle, masker: &Masker) -> Result<Self, BenchError> {
        let seen = Seen::file(&place.config);
        let config = (place.is_named || place.config.exists()).then_some(place.config.as_path());
        let example = match place.pipeline || config.is_none() {
            true => Some(Example::bind().await.map_err(BenchError::Pipeline)?),
            false => None,
        };
        let base = place.config.parent().unwrap_or(Path::new("."));
        let mut settings = match &example {
            Some(example) => example.settings(config, base)?,
            None => Settings::load(&place.config)?,
        };
        let seen = seen.narrowed(&place.config, &settings).await;
        settings.webhook.listen = place.listen.unwrap_or(settings.webhook.listen);
        if !place.is_named {
            // The project has it, and a build writes nothing outside the project.
            settings.registry.use_default_cache();
        }
        // Nobody signs what was built a moment ago.
        settings.trust = None;
        settings.registry.compiling.is_awaited = true;
        let workshop = workshop(&settings, &terms(&settings), guests.clone(), place.runs)?;
        let secrets = secrets(&settings, masker)?;
        let gate = gate(&settings, &secrets)?;
        let Foundation { waiter, runner, webhook: listener } =
            Foundation::lay(&settings, &secrets, masker).await?;
        let (stop, webhook) = (CancellationToken::new(), listener.url());
        let app = Webhook::new(settings.webhook, gate, waiter).app();
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
            workshop,
            runner,
            overrides: settings.scheduler.overrides,
            webhook,
            config: config.map(Path::to_owned),
            pipeline,
            seen,
            stop: stop.drop_guard(),
            serving,
        })
    }

    /// Whether the configuration, its secrets and its certificates are as they were.
    pub async fn is_current(&self) -> bool {
        self.seen.again().await == self.seen
    }

    /// Stops listening, and waits until the webhook's address is free.
    pub async fn close(self) {
        drop(self.stop);
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "the webhook broke");
        }
    }
}
