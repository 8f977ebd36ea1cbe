//! Where the time of an exchange went.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// How far an exchange has come, for whoever waits for it. Clones share one.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<Stage>>);

/// What an exchange waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stage {
    /// The answer, or its turn.
    #[default]
    Answer,
    /// The addresses of this host.
    Addresses(String),
    /// A connection to this host and port.
    Connection(String),
}

impl Progress {
    /// Returns what the exchange waits for now.
    pub fn stage(&self) -> Stage {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = stage;
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer => formatter.write_str("waiting for an answer"),
            Self::Addresses(host) => write!(formatter, "resolving `{host}`"),
            Self::Connection(peer) => write!(formatter, "connecting to `{peer}`"),
        }
    }
}

/// The other end of an exchange, for people: no secret is in it.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) host: String,
    /// With the port.
    pub(super) authority: String,
}

/// An exchange that is under way.
struct Exchange {
    peer: Peer,
    progress: Progress,
    /// How long it took to get a connection.
    connected: Cell<Option<Duration>>,
}

tokio::task_local! {
    /// The exchange that goes on here.
    static EXCHANGE: Exchange;
}

/// Does something of an exchange, and tells how long it took to get a connection for it, if it had to.
pub(super) async fn connected<T>(
    peer: Peer,
    progress: Progress,
    exchange: impl Future<Output = T>,
) -> (T, Option<Duration>) {
    let here = Exchange { peer, progress, connected: Cell::new(None) };
    EXCHANGE.scope(here, async { (exchange.await, EXCHANGE.with(|here| here.connected.get())) }).await
}

/// Looks up the addresses of the exchange that goes on here; then it waits for its connection.
pub(super) async fn resolving<T>(lookup: impl Future<Output = T>) -> T {
    let _ = EXCHANGE.try_with(|here| here.progress.set(Stage::Addresses(here.peer.host.clone())));
    let found = lookup.await;
    connecting();
    found
}

fn connecting() {
    let _ = EXCHANGE.try_with(|here| here.progress.set(Stage::Connection(here.peer.authority.clone())));
}

/// Takes the time of connectors. One that goes on although its exchange found another connection tells nobody.
#[derive(Clone)]
pub(super) struct TakeTime;

/// A connector of which that is so.
#[derive(Clone)]
pub(super) struct Timed<S>(S);

impl<S> Layer<S> for TakeTime {
    type Service = Timed<S>;

    fn layer(&self, connector: S) -> Timed<S> {
        Timed(connector)
    }
}

impl<S, R> Service<R> for Timed<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let begun = Instant::now();
        let connecting = self.0.call(destination);
        Box::pin(async move {
            self::connecting();
            let connected = connecting.await;
            // The stage of one that failed is what it failed in.
            let _ = EXCHANGE.try_with(|here| {
                here.connected.set(Some(begun.elapsed()));
                if connected.is_ok() {
                    here.progress.set(Stage::Answer);
                }
            });
            connected
        })
    }
}
