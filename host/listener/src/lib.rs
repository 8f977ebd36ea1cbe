//! A TCP listener that serves HTTP within limits: connections in total and per peer, requests per peer, size and time
//! of a request's head; and TLS, if configured. Both listeners of the host, the public and the private one, use this
//! crate.
//!
//! axum's own `serve` has none of these limits, so connections are served by hyper.
//!
//! May depend on: the model, files, configuration. Must not depend on: what is served.

mod acceptor;
mod app;
mod connections;
mod frames;
mod head;
mod in_progress;
mod limits;
mod peers;
mod progress;
mod shortage;
pub mod sparing;
mod tls;
mod turned_away;
mod wire;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use acceptor::Acceptor;
pub use app::{Answering, App, Peer};
pub use head::{ArrivalOrder, HeadFault, RejectedHead};
pub use in_progress::GoesOn;
pub use limits::ConnectionLimits;
pub use shortage::{Lack, ShortageMark};
pub use tls::{TlsError, TlsSettings};
pub use turned_away::TurnedAway;

/// The time that connections have to finish their requests when the listener stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long to wait before accepting again when the process or the system lacks resources.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A bound listener.
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    acceptor: Arc<Acceptor>,
}

/// Both doors of a host.
#[derive(Clone)]
pub struct Acceptors {
    /// The acceptor for the system under test.
    pub webhook: Arc<Acceptor>,
    /// The acceptor for operators.
    pub admin: Arc<Acceptor>,
}

/// An address that could not be bound.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for the {purpose}{}", remedy(.source, .setting))]
pub struct BindError {
    address: SocketAddr,
    purpose: &'static str,
    setting: &'static str,
    source: std::io::Error,
}

fn remedy(error: &std::io::Error, setting: &str) -> String {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => format!(
            ": the port is in use, perhaps by another orbital; stop that, or set another address with {setting}"
        ),
        std::io::ErrorKind::AddrNotAvailable => {
            format!(": this machine has no such address; set another one with {setting}")
        }
        std::io::ErrorKind::PermissionDenied => {
            format!(
                ": a port below 1024 needs rights that this process lacks; set another one with {setting}"
            )
        }
        _ => String::new(),
    }
}

impl Listener {
    /// Binds an address.
    ///
    /// # Errors
    /// The address cannot be bound. The error names its purpose, and the `setting` to change.
    pub async fn bind(
        address: SocketAddr,
        acceptor: Arc<Acceptor>,
        purpose: &'static str,
        setting: &'static str,
    ) -> Result<Self, BindError> {
        let failed = |source| BindError { address, purpose, setting, source };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        Ok(Self { tcp, address, acceptor })
    }

    /// Returns the acceptor that admits connections.
    pub fn acceptor(&self) -> &Arc<Acceptor> {
        &self.acceptor
    }

    /// Returns the URL as seen from this machine. If the system was asked to choose the port, this is the chosen one.
    pub fn url(&self) -> String {
        let ip = match self.address.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        let scheme = if self.acceptor.has_tls() { "https" } else { "http" };
        format!("{scheme}://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Serves until `stop`, then lets connections finish for a short time.
    pub async fn serve(self, app: App, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.accept() => accepted,
            };
            let Some((stream, peer)) = accepted else { continue };
            let place = tokio::select! {
                () = stop.cancelled() => break,
                place = self.acceptor.enter(peer) => place,
            };
            // A connection without a place is closed at once.
            let Some(place) = place else { continue };
            let (acceptor, app, stop) = (self.acceptor.clone(), app.clone(), stop.clone());
            tasks.spawn(async move { acceptor.attend(stream, place, app, stop).await });
        }
        drop(self.tcp);
        tasks.close();
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, tasks.wait()).await;
    }

    async fn accept(&self) -> Option<(TcpStream, IpAddr)> {
        let accepted = tokio::select! {
            biased;
            // Without tokio's cooperative pauses, this is pending only if no connection is waiting.
            accepted = tokio::task::unconstrained(self.tcp.accept()) => accepted,
            () = std::future::ready(()) => {
                self.acceptor.caught_up();
                self.tcp.accept().await
            }
        };
        match accepted {
            Ok((stream, address)) => {
                // Answers are small: waiting to fill a packet would only add to the measured latency.
                let _ = stream.set_nodelay(true);
                Some((stream, address.ip()))
            }
            Err(error) => {
                // For other errors, only that connection is broken, and the next one may be accepted.
                if self.acceptor.accept_failed(&error, self.address) {
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
                None
            }
        }
    }
}
