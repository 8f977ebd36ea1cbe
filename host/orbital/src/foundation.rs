//! The parts that every command needs to run tests: the waiter, the HTTP client, the webhook, and the loading of
//! components.

use std::path::Path;
use std::sync::Arc;

use orbital_admin::TokenError;
use orbital_client::{Client, ClientError};
use orbital_compare::{EnvironmentError, Environments, EnvironmentsSettings};
use orbital_config::secrets::{Masker, SHORTEST, Secrets, SecretsError, SecretsSettings};
use orbital_files::state::{State, StateError, StateSettings};
use orbital_guest::{CodeCache, CodeCacheError, Compiler, ComponentQuotas, EngineError, GuestEngine};
use orbital_listener::{Acceptor, BindError, ConnectionLimits, Listener, TlsError, TlsSettings};
use orbital_model::error::chain;
use orbital_policy::targets::TargetsSettings;
use orbital_run::registry::{Cache, ComponentLoader, Policy, RegistrySettings};
use orbital_run::runner::{Provision, Runner};
use orbital_webhook::waiter::Waiter;
use orbital_webhook::{AuthError, Authenticator, LiveWebhookSettings};
use rustls::ServerConfig;
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::descriptors::Places;
use crate::settings::Settings;

/// The parts that a run passes through: set up and bound, but not started.
pub struct Foundation {
    /// Matches expectations with deliveries.
    pub waiter: Arc<Waiter>,
    /// Runs cases.
    pub runner: Arc<Runner>,
    /// The public listener, bound but not serving yet.
    pub webhook: Listener,
}

/// An error that keeps the host from starting.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The engine cannot be set up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The system provides no threads for busy components.
    #[error("cannot start threads for busy components")]
    Lanes(#[from] rayon::ThreadPoolBuildError),
    /// Compiled code cannot be stored where the operator wants it.
    #[error(transparent)]
    CodeCache(#[from] CodeCacheError),
    /// All secrets that could not be read.
    #[error("{}", lines(.0))]
    Secrets(Vec<SecretsError>),
    /// All targets that are invalid.
    #[error("{}", lines(.0))]
    Targets(Vec<ClientError>),
    /// The token of the private listener is invalid.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// All secrets of the webhook that are unsuitable for their purpose.
    #[error("{}", lines(.0))]
    Auth(Vec<AuthError>),
    /// All other environments that cannot be queried.
    #[error("{}", lines(.0))]
    Environments(Vec<EnvironmentError>),
    /// A listener cannot use TLS.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// State that must survive a restart cannot be stored.
    #[error(transparent)]
    State(#[from] StateError),
    /// The directory of components cannot be used.
    #[error(transparent)]
    Directory(#[from] orbital_run::registry::DirectoryError),
    /// The system provides no thread.
    #[error("cannot start a thread")]
    Thread(#[from] std::io::Error),
}

impl StartError {
    /// Returns whether the configuration or the usage is the mistake, rather than the system.
    pub fn is_mistake(&self) -> bool {
        match self {
            Self::CodeCache(_)
            | Self::Secrets(_)
            | Self::Targets(_)
            | Self::Token(_)
            | Self::Auth(_)
            | Self::Environments(_)
            | Self::Tls(_)
            | Self::State(_)
            | Self::Directory(_) => true,
            Self::Bind(_) | Self::Engine(_) | Self::Lanes(_) | Self::Thread(_) => false,
        }
    }
}

fn lines<E: std::error::Error>(errors: &[E]) -> String {
    errors.iter().map(|error| chain(error)).collect::<Vec<_>>().join("\n")
}

impl Foundation {
    /// Sets up all parts, and binds the public listener.
    ///
    /// # Errors
    /// The first part that cannot be set up.
    pub async fn lay(settings: &Settings, secrets: &Secrets, masker: &Masker) -> Result<Self, StartError> {
        let waiter = Waiter::new(settings.fixed.waiter.clone(), masker.clone());
        let client = client(&settings.live.targets, secrets, masker)?;
        let tls = tls(settings.live.webhook.tls.as_ref(), "webhook.tls")?;
        let places = Places::now(settings);
        if let Some(shortage) = places.shortage() {
            tracing::warn!("{shortage}");
        }
        let webhook = Listener::bind(
            settings.fixed.webhook.listen,
            Acceptor::new(places.webhook, 0, settings.live.webhook.limits, tls),
            "webhook",
            "`webhook.listen` (or `--listen` with `orbital run`)",
        )
        .await?;
        let provision = provision(settings, webhook.url(), client);
        let runner = Arc::new(Runner::new(provision, waiter.clone(), webhook.acceptor().clone()));
        Ok(Self { waiter, runner, webhook })
    }
}

/// Reads the values of all secrets, which the masker hides from now on.
///
/// # Errors
/// All secrets that could not be read.
pub fn secrets(settings: &SecretsSettings, masker: &Masker) -> Result<Secrets, StartError> {
    let secrets = settings.fetch().map_err(StartError::Secrets)?;
    masker.learn(&secrets).map_err(|error| StartError::Secrets(vec![error.into()]))?;
    for name in secrets.too_short() {
        tracing::warn!(
            "secret `{name}` has less than {SHORTEST} bytes: where it comes back, tests, logs and reports show it; give it \
             a longer value"
        );
    }
    Ok(secrets)
}

/// Returns the HTTP client with its secrets, which are hidden in answers.
///
/// # Errors
/// Targets are invalid.
pub fn client(
    targets: &TargetsSettings,
    secrets: &Secrets,
    masker: &Masker,
) -> Result<Arc<Client>, StartError> {
    let client = Client::new(targets, secrets, masker.clone(), Handle::current());
    client.map(Arc::new).map_err(StartError::Targets)
}

/// Returns the authenticator, which decides who may deliver.
///
/// # Errors
/// Secrets are unsuitable for their purpose.
pub fn authenticator(webhook: &LiveWebhookSettings, secrets: &Secrets) -> Result<Authenticator, StartError> {
    Authenticator::new(&webhook.auth, secrets).map_err(StartError::Auth)
}

/// Returns the other hosts that can be compared.
///
/// # Errors
/// Some of them cannot be queried.
pub fn environments(
    settings: &EnvironmentsSettings,
    secrets: &Secrets,
) -> Result<Arc<Environments>, StartError> {
    Environments::new(settings, secrets).map(Arc::new).map_err(StartError::Environments)
}

/// Loads the certificate of the listener with this section, if it has one.
///
/// # Errors
/// The certificate cannot be used.
pub fn tls(settings: Option<&TlsSettings>, section: &str) -> Result<Option<Arc<ServerConfig>>, TlsError> {
    settings.map(|settings| settings.load(section)).transpose()
}

/// Binds the private listener.
///
/// # Errors
/// The address cannot be bound, or the certificate cannot be used.
pub async fn private(settings: &Settings) -> Result<Listener, StartError> {
    let tls = tls(settings.live.admin.tls.as_ref(), "admin.tls")?;
    let Places { admin, spare, .. } = Places::now(settings);
    // One peer cannot use all connections, so others always get in.
    let limits = ConnectionLimits { connections_per_peer: admin.div_ceil(2), ..ConnectionLimits::default() };
    let acceptor = Acceptor::new(admin, spare, limits, tls);
    Ok(Listener::bind(settings.fixed.admin.listen, acceptor, "private listener", "`admin.listen`").await?)
}

/// Returns the settings and clients shared by all runs. The webhook has this URL unless the settings contain another
/// one.
pub fn provision(settings: &Settings, webhook: String, client: Arc<Client>) -> Provision {
    Provision {
        settings: settings.runner(),
        webhook_url: settings.live.webhook.public_url.clone().unwrap_or(webhook),
        path_per_component: settings.fixed.webhook.path_per_component,
        client,
    }
}

/// Returns the policy by which components are loaded, in a channel through which they can be changed.
pub fn policy(settings: &Settings) -> watch::Sender<Arc<Policy>> {
    watch::Sender::new(Arc::new(settings.policy()))
}

/// Returns a loader, which loads components by this policy and supports `max_runs` of their runs in flight on the
/// runtime `guests`.
///
/// # Errors
/// The engine cannot be set up, or compiled code cannot be stored.
pub fn component_loader(
    settings: &Settings,
    policy: &watch::Sender<Arc<Policy>>,
    guests: Handle,
    max_runs: usize,
) -> Result<ComponentLoader, StartError> {
    let cache = code_cache(&settings.fixed.registry, &settings.fixed.state)?;
    let engine = GuestEngine::new(max_runs)?;
    Ok(ComponentLoader {
        quotas: Arc::new(ComponentQuotas::new(guests.metrics().num_workers(), engine.epoch_waker())?),
        compiler: Compiler::new(engine, cache, settings.fixed.registry.compiling),
        guests,
        policy: policy.subscribe(),
        default_timeout: settings.fixed.registry.default_timeout,
        max_size: settings.fixed.registry.max_size,
        inside: None,
        max_rate: settings.fixed.registry.max_rate,
        trust: settings.fixed.trust.clone().map(Arc::new),
    })
}

/// Opens the directory for state that must survive a restart. Returns `None` if the default directory cannot be used.
///
/// # Errors
/// The directory belongs to another host, or the operator named one that cannot be used.
pub fn state(settings: &StateSettings) -> Result<Option<State>, StateError> {
    match State::open(&settings.directory) {
        Ok(state) => Ok(Some(state)),
        Err(error @ StateError::Unusable { .. }) if !settings.is_set => {
            tracing::warn!("{}; pauses end with this process (set `state`)", chain(&error));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn code_cache(
    settings: &RegistrySettings,
    state: &StateSettings,
) -> Result<Option<CodeCache>, CodeCacheError> {
    let key = settings.cache_key.clone().unwrap_or_else(|| state.directory.join("code-cache.key"));
    let open = |path: &Path| CodeCache::open(path, &key, settings.cache_size as u64);
    match &settings.cache {
        Cache::Set(path) => open(path).map(Some),
        Cache::Default(None) => Ok(None),
        Cache::Default(Some(path)) => Ok(open(path).map_or_else(
            |error| {
                tracing::warn!(
                    "{}; every start compiles all components again (set `components.cache`)",
                    chain(&error)
                );
                None
            },
            Some,
        )),
    }
}
