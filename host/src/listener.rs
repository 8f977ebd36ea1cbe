//! A TCP listener that serves HTTP with limits: connections, over all and per peer, requests per peer, size and time of
//! a request's head; and TLS, if it is to.
//!
//! axum's own `serve` has none of them, so connections are hyper's here.

mod limits;
mod peers;
mod tls;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_service::Service as _;

pub use limits::Limits;
use peers::Peers;
pub use tls::{TlsError, TlsSettings};

/// How long connections get to finish what they are at when the listener stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long to wait before accepting again when the system has no file descriptor to spare.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Requests that one connection of HTTP/2 may have in progress.
const STREAMS: u32 = 100;

/// Streams that a client may reset before we have looked at them; with one more its connection is closed.
const RESET_STREAMS: usize = 20;

/// How much of bodies a connection of HTTP/2 may send before we read it, per request and over all.
const WINDOWS: (u32, u32) = (64 << 10, 256 << 10);

/// A bound listener.
pub struct Listener {
    tcp: TcpListener,
    address: SocketAddr,
    door: Arc<Door>,
}

/// Says of an answer, as an extension of it, that its body goes on for so long at most: its connection is not idle.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GoesOn(pub(crate) Duration);

/// Who gets in, and how; shared with those who change it and who count.
pub struct Door {
    connections: Arc<Semaphore>,
    limits: RwLock<Limits>,
    tls: RwLock<Option<Arc<ServerConfig>>>,
    peers: Arc<Peers>,
    turned_away: [AtomicU64; TurnedAway::ALL.len()],
}

/// Both doors of a host.
#[derive(Clone)]
pub struct Doors {
    /// For the system under test.
    pub webhook: Arc<Door>,
    /// For those who operate the host.
    pub admin: Arc<Door>,
}

/// Why somebody was turned away before anybody read a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnedAway {
    /// A connection: its peer has as many as it may.
    Connections,
    /// A request: its peer has sent as many in this second as it may.
    Rate,
    /// A connection: it did not come to terms about TLS.
    Tls,
}

impl TurnedAway {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Connections, Self::Rate, Self::Tls];

    /// As metrics say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::Rate => "rate",
            Self::Tls => "tls",
        }
    }
}

impl Door {
    /// At most `connections` are served at once; more wait to be accepted.
    pub fn new(connections: usize, limits: Limits, tls: Option<Arc<ServerConfig>>) -> Arc<Self> {
        Arc::new(Self {
            connections: Arc::new(Semaphore::new(connections)),
            limits: RwLock::new(limits),
            tls: RwLock::new(tls),
            peers: Arc::default(),
            turned_away: Default::default(),
        })
    }

    /// What holds for connections from now on, if it is to change. A certificate replaces one; without one before,
    /// there is none until the next start.
    pub fn configure(&self, limits: Option<Limits>, tls: Option<Arc<ServerConfig>>) {
        if let Some(limits) = limits {
            *self.limits.write().unwrap_or_else(PoisonError::into_inner) = limits;
        }
        if let (Some(tls), Some(acting)) =
            (tls, &mut *self.tls.write().unwrap_or_else(PoisonError::into_inner))
        {
            *acting = tls;
        }
    }

    /// How many were turned away for this reason.
    pub fn turned_away(&self, reason: TurnedAway) -> u64 {
        self.turned_away[reason as usize].load(Ordering::Relaxed)
    }

    fn turn_away(&self, reason: TurnedAway) {
        self.turned_away[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    fn limits(&self) -> Limits {
        *self.limits.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.tls.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
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
    /// Binds an address.
    ///
    /// # Errors
    /// The address cannot be bound; the error says for what it was, and which `setting` to change.
    pub async fn bind(
        address: SocketAddr,
        door: Arc<Door>,
        purpose: &'static str,
        setting: &'static str,
    ) -> Result<Self, BindError> {
        let failed = |source| BindError { address, purpose, setting, source };
        let tcp = TcpListener::bind(address).await.map_err(failed)?;
        let address = tcp.local_addr().map_err(failed)?;
        Ok(Self { tcp, address, door })
    }

    /// Who gets in.
    pub fn door(&self) -> &Arc<Door> {
        &self.door
    }

    /// The URL, as seen from this machine, with the port that the system chose if it was asked to.
    pub fn url(&self) -> String {
        let ip = match self.address.ip() {
            ip if !ip.is_unspecified() => ip,
            IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        };
        let scheme = if self.door.tls().is_some() { "https" } else { "http" };
        format!("{scheme}://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Serves until `stop`, then lets connections finish for a short time.
    pub async fn serve(self, router: Router, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                accepted = self.accept() => accepted,
            };
            let Some((stream, peer, permit)) = accepted else { continue };
            // Closed at once: a peer must not take the places of all others.
            let Some(place) = self.door.peers.enter(peer, self.door.limits().connections_per_peer) else {
                self.door.turn_away(TurnedAway::Connections);
                continue;
            };
            let (door, router, stop) = (self.door.clone(), router.clone(), stop.clone());
            tasks.spawn(async move {
                let _held = (permit, place);
                door.attend(stream, peer, router, stop).await;
            });
        }
        drop(self.tcp);
        tasks.close();
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, tasks.wait()).await;
    }

    async fn accept(&self) -> Option<(TcpStream, IpAddr, OwnedSemaphorePermit)> {
        let permit = self.door.connections.clone().acquire_owned().await.ok()?;
        match self.tcp.accept().await {
            Ok((stream, address)) => {
                // Answers are small: waiting to fill a packet would only add to the latency we measure.
                let _ = stream.set_nodelay(true);
                Some((stream, address.ip(), permit))
            }
            Err(error) => {
                tracing::warn!(%error, address = %self.address, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    }
}

impl Door {
    /// Serves one connection to its end.
    pub(crate) async fn attend(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        peer: IpAddr,
        router: Router,
        stop: CancellationToken,
    ) {
        let limits = self.limits();
        let stream = match self.tls() {
            None => Either::Left(stream),
            Some(config) => {
                let handshake = TlsAcceptor::from(config).accept(stream);
                match tokio::time::timeout(limits.head_timeout, handshake).await {
                    Ok(Ok(stream)) => Either::Right(stream),
                    Ok(Err(_)) | Err(_) => return self.turn_away(TurnedAway::Tls),
                }
            }
        };
        let (in_progress, idle) = watch::channel(0_usize);
        let in_progress = Arc::new(in_progress);
        let service = hyper::service::service_fn(move |request: Request<Incoming>| {
            let busy = Busy::new(&in_progress);
            let admitted = self.peers.admits(peer, self.limits().rate_per_peer);
            if !admitted {
                self.turn_away(TurnedAway::Rate);
            }
            let mut router = router.clone();
            async move {
                let answer = match admitted {
                    true => router.call(request).await.unwrap_or_else(|never| match never {}),
                    false => too_many(),
                };
                Ok::<_, Infallible>(busy.last(answer))
            }
        });
        let http = http(&limits);
        let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
        // A client that breaks off is its own business, so how a connection ends is nobody's here.
        let patience = tokio::select! {
            _ = &mut connection => return,
            () = stop.cancelled() => CLOSE_TIMEOUT,
            // As long again to take the last answer.
            () = idle_for(idle, limits.head_timeout) => limits.head_timeout,
        };
        connection.as_mut().graceful_shutdown();
        let _ = tokio::time::timeout(patience, connection).await;
    }
}

fn http(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    let max_head = u32::try_from(limits.max_head).unwrap_or(u32::MAX);
    http.http1()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_timeout)
        .max_buf_size(limits.max_head)
        .max_headers(limits.max_headers);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .max_header_list_size(max_head)
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESET_STREAMS)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1);
    http
}

fn too_many() -> Response {
    let detail = "too many requests in a second from this address (`max_rate_per_peer`)\n";
    (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], detail).into_response()
}

/// Counts a request of a connection for as long as it is in progress.
struct Busy(Arc<watch::Sender<usize>>);

impl Busy {
    fn new(in_progress: &Arc<watch::Sender<usize>>) -> Self {
        in_progress.send_modify(|count| *count += 1);
        Self(in_progress.clone())
    }
}

impl Busy {
    /// Counts the request in until here, or, if its answer goes on, until that has ended.
    fn last(self, answer: Response) -> Response {
        let Some(GoesOn(limit)) = answer.extensions().get::<GoesOn>().copied() else { return answer };
        let ended = CancellationToken::new();
        let end = ended.clone().drop_guard();
        tokio::spawn(async move {
            let _ = tokio::time::timeout(limit, ended.cancelled()).await;
            drop(self);
        });
        answer.map(|body| {
            axum::body::Body::new(body.map_frame(move |frame| {
                let _until_dropped = &end;
                frame
            }))
        })
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Waits until no request has been in progress for so long. What a client sends without making a request of it
/// does not count: neither silence nor a drip holds a connection.
async fn idle_for(mut in_progress: watch::Receiver<usize>, limit: Duration) {
    loop {
        if in_progress.wait_for(|count| *count == 0).await.is_err() {
            // The connection is about to end by itself.
            return std::future::pending().await;
        }
        if tokio::time::timeout(limit, in_progress.changed()).await.is_err() {
            return;
        }
    }
}
