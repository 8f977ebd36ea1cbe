//! What every command that runs tests needs: the waiter, the HTTP client, the webhook; and what loading takes.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::admin::TokenError;
use crate::error::chain;
use crate::guest::{CodeCache, CodeCacheError, Compiler, EngineError, GuestEngine};
use crate::listener::{BindError, Listener};
use crate::registry::{Cache, Terms, Workshop};
use crate::runner::{Provision, Runner};
use crate::secrets::{Secrets, SecretsError};
use crate::settings::Settings;
use crate::state::{State, StateError, StateSettings};
use crate::target::{Client, ClientError};
use crate::waiter::Waiter;

/// The rooms that a run goes through, ready and bound, and nothing started.
pub struct Foundation {
    /// Expectations and deliveries.
    pub waiter: Arc<Waiter>,
    /// Runs cases.
    pub runner: Arc<Runner>,
    /// The public listener, bound and not serving yet.
    pub webhook: Listener,
}

/// Why the host cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address cannot be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The engine cannot be set up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Compiled code cannot be kept where the operator wants it.
    #[error(transparent)]
    CodeCache(#[from] CodeCacheError),
    /// Secrets are not to be had: all of them.
    #[error("{}", lines(.0))]
    Secrets(Vec<SecretsError>),
    /// Targets are wrong: all of them.
    #[error("{}", lines(.0))]
    Targets(Vec<ClientError>),
    /// The private listener's token cannot be one.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// What must survive a restart cannot be kept.
    #[error(transparent)]
    State(#[from] StateError),
    /// The directory of components.
    #[error(transparent)]
    Directory(#[from] crate::registry::DirectoryError),
    /// The system gives us no thread.
    #[error("cannot start a thread")]
    Thread(#[from] std::io::Error),
}

fn lines<E: std::error::Error>(errors: &[E]) -> String {
    errors.iter().map(|error| chain(error)).collect::<Vec<_>>().join("\n")
}

impl Foundation {
    /// Sets everything up.
    ///
    /// # Errors
    /// The first part that cannot be had.
    pub async fn lay(settings: &Settings, secrets: &Secrets) -> Result<Self, StartError> {
        let waiter = Waiter::new(settings.waiter.clone());
        let client = client(settings, secrets)?;
        let webhook = Listener::bind(
            settings.webhook.listen,
            settings.webhook.max_connections,
            "webhook",
            "`webhook.listen` (or `--listen` with `orbital run`)",
        )
        .await?;
        let provision = provision(settings, webhook.address(), client);
        let runner = Arc::new(Runner::new(provision, waiter.clone()));
        Ok(Self { waiter, runner, webhook })
    }
}

/// The values of all secrets.
///
/// # Errors
/// All that are not to be had.
pub fn secrets(settings: &Settings) -> Result<Secrets, StartError> {
    settings.secrets.fetch().map_err(StartError::Secrets)
}

/// The HTTP client, with its secrets.
///
/// # Errors
/// Targets are wrong.
pub fn client(settings: &Settings, secrets: &Secrets) -> Result<Arc<Client>, StartError> {
    Client::new(&settings.targets, secrets, Handle::current()).map(Arc::new).map_err(StartError::Targets)
}

/// What runs are given, with the webhook at this address.
pub fn provision(settings: &Settings, webhook: SocketAddr, client: Arc<Client>) -> Provision {
    let public = settings.webhook.public_url.clone();
    Provision {
        settings: settings.runner.clone(),
        webhook_url: public.unwrap_or_else(|| local_url(webhook)),
        client,
    }
}

/// What loading components depends on, for a workshop, and a way to change it.
pub fn terms(settings: &Settings) -> watch::Sender<Arc<Terms>> {
    watch::Sender::new(Arc::new(settings.terms()))
}

/// What is needed to load components on these terms, and to have `max_runs` of their runs in flight on the runtime
/// `guests`.
///
/// # Errors
/// The engine cannot be set up, or compiled code cannot be kept.
pub fn workshop(
    settings: &Settings,
    terms: &watch::Sender<Arc<Terms>>,
    guests: Handle,
    max_runs: usize,
) -> Result<Workshop, StartError> {
    let cache = code_cache(&settings.registry.cache, settings.registry.cache_size as u64)?;
    Ok(Workshop {
        compiler: Compiler::new(GuestEngine::new(max_runs)?, cache),
        guests,
        catalogue: Arc::default(),
        terms: terms.subscribe(),
        default_timeout: settings.registry.default_timeout,
        max_size: settings.registry.max_size,
    })
}

/// The directory for what must survive a restart; none if there is no such place and nobody asked for one.
///
/// # Errors
/// It is another host's, or one that the operator named cannot be used.
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

fn code_cache(cache: &Cache, max_size: u64) -> Result<Option<CodeCache>, CodeCacheError> {
    match cache {
        Cache::Set(path) => CodeCache::open(path, max_size).map(Some),
        Cache::Default(None) => Ok(None),
        Cache::Default(Some(path)) => Ok(CodeCache::open(path, max_size).map_or_else(
            |error| {
                tracing::warn!("{}; every start compiles anew (set `components.cache`)", chain(&error));
                None
            },
            Some,
        )),
    }
}

/// The URL of a listener, as seen from this machine.
pub fn local_url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}
