//! Measures how the time of an exchange is spent.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

/// The progress of an exchange. Clones share one.
#[derive(Debug, Clone, Default)]
pub struct Progress(Arc<Mutex<Stage>>);

/// The thing that an exchange waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Stage {
    /// An answer, or the turn of the exchange.
    #[default]
    Answer,
    /// The addresses of the host with this name.
    Addresses(String),
    /// A connection to this host and port.
    Connection(String),
}

impl Progress {
    /// Returns what the exchange waits for now.
    pub fn stage(&self) -> Stage {
        self.0.lock().clone()
    }

    fn set(&self, stage: Stage) {
        *self.0.lock() = stage;
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

/// The other end of an exchange, for people. It contains no secret.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) host: String,
    /// The host with its port.
    pub(super) authority: String,
}

/// An exchange in progress.
struct Exchange {
    peer: Peer,
    progress: Progress,
    /// The time that it took to get a connection.
    connected: Cell<Option<Duration>>,
}

tokio::task_local! {
    /// The exchange of this task.
    static EXCHANGE: Exchange;
}

/// Runs an exchange. Returns its result and the time that it took to get a connection, if one was needed.
pub(super) async fn connected<T>(
    peer: Peer,
    progress: Progress,
    exchange: impl Future<Output = T>,
) -> (T, Option<Duration>) {
    let here = Exchange { peer, progress, connected: Cell::new(None) };
    EXCHANGE.scope(here, async { (exchange.await, EXCHANGE.with(|here| here.connected.get())) }).await
}

/// Looks up the addresses for the exchange of this task, which then waits for its connection.
pub(super) async fn resolving<T>(lookup: impl Future<Output = T>) -> T {
    let _ = EXCHANGE.try_with(|here| here.progress.set(Stage::Addresses(here.peer.host.clone())));
    let found = lookup.await;
    connecting();
    found
}

fn connecting() {
    let _ = EXCHANGE.try_with(|here| here.progress.set(Stage::Connection(here.peer.authority.clone())));
}

/// Measures the time of connectors. One that continues although its exchange
/// found another connection reports nothing.
#[derive(Clone)]
pub(super) struct TakeTime;

/// A connector whose time is measured.
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
            // If the connection failed, the stage stays the one in which it failed.
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
