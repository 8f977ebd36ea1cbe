//! Measures how the time of an exchange is spent.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use orbital_config::secrets::Masker;
use parking_lot::Mutex;
use tokio::time::Instant;
use url::Url;

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

/// The other end of an exchange. Secrets are masked when it is shown, which few exchanges need.
pub(super) struct Peer {
    host: String,
    /// The host with its port.
    authority: String,
    masker: Masker,
}

impl Peer {
    pub(super) fn of(url: &Url, masker: Masker) -> Self {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
        Self { host: host.to_owned(), authority: format!("{host}{port}"), masker }
    }

    /// Returns the host, for people.
    fn host(&self) -> String {
        self.masker.text(&self.host).into_owned()
    }

    /// Returns the host with its port, for people.
    pub(super) fn authority(&self) -> String {
        self.masker.text(&self.authority).into_owned()
    }
}

/// An exchange in progress.
struct Exchange {
    peer: Arc<Peer>,
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
    peer: Arc<Peer>,
    progress: Progress,
    exchange: impl Future<Output = T>,
) -> (T, Option<Duration>) {
    let here = Exchange { peer, progress, connected: Cell::new(None) };
    EXCHANGE.scope(here, async { (exchange.await, EXCHANGE.with(|here| here.connected.get())) }).await
}

/// Looks up the addresses for the exchange of this task, which then waits for its connection.
pub(super) async fn resolving<T>(lookup: impl Future<Output = T>) -> T {
    let _ = EXCHANGE.try_with(|here| here.progress.set(Stage::Addresses(here.peer.host())));
    let found = lookup.await;
    connecting();
    found
}

fn connecting() {
    let _ = EXCHANGE.try_with(|here| here.progress.set(Stage::Connection(here.peer.authority())));
}

/// Measures how long a connector takes. One that continues although its
/// exchange found another connection reports nothing.
pub(super) async fn timed<T, E>(connecting: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let begun = Instant::now();
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
}
