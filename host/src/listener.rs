//! A TCP listener that serves HTTP with limits: connections, time for a request's head.
//!
//! axum's own `serve` has no time-out for a head that never ends, so connections are hyper's here.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

/// How long the head of a request may take to come.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long connections get to finish what they are at when the listener stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long to wait before accepting again when the system has no file descriptor to spare.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A bound listener.
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    connections: Arc<Semaphore>,
}

/// The address could not be bound.
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
    /// Binds an address. At most `connections` are served at once; more wait to be accepted.
    ///
    /// # Errors
    /// The address cannot be bound; the error says for what it was, and which `setting` to change.
    pub async fn bind(
        address: SocketAddr,
        connections: usize,
        purpose: &'static str,
        setting: &'static str,
    ) -> Result<Self, BindError> {
        let failed = |source| BindError { address, purpose, setting, source };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        Ok(Self { tcp, address, connections: Arc::new(Semaphore::new(connections)) })
    }

    /// The address, with the port that the system chose if it was asked to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop`, then lets connections finish for a short time.
    pub async fn serve(self, router: Router, stop: CancellationToken) {
        let mut http = auto::Builder::new(TokioExecutor::new());
        http.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
        http.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(20));
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.accept() => accepted,
            };
            let Some((stream, permit)) = accepted else { continue };
            let router = router.clone();
            let service = hyper::service::service_fn(move |request: Request<Incoming>| {
                let mut router = router.clone();
                async move {
                    Ok::<_, Infallible>(router.call(request).await.unwrap_or_else(|never| match never {}))
                }
            });
            let connection = http.serve_connection(TokioIo::new(stream), service).into_owned();
            let connection = graceful.watch(connection);
            tokio::spawn(async move {
                // A client that breaks off is its own business.
                let _ = connection.await;
                drop(permit);
            });
        }
        drop(self.tcp);
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, graceful.shutdown()).await;
    }

    async fn accept(&self) -> Option<(tokio::net::TcpStream, tokio::sync::OwnedSemaphorePermit)> {
        let permit = self.connections.clone().acquire_owned().await.ok()?;
        match self.tcp.accept().await {
            Ok((stream, _)) => {
                // Answers are small: waiting to fill a packet would only add to the latency we measure.
                let _ = stream.set_nodelay(true);
                Some((stream, permit))
            }
            Err(error) => {
                tracing::warn!(%error, address = %self.address, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }
}
