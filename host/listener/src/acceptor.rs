//! Admission of connections and requests to a listener, and the limits of a connection.

use std::convert::Infallible;
use std::future::{self, poll_fn};
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http::{Method, StatusCode, header};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use orbital_files::shortage::shortage;
use parking_lot::RwLock;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

use crate::app::{Answering, App};
use crate::connections::{Connections, Slot};
use crate::head::{HeadFault, RejectedHead};
use crate::in_progress::InProgress;
use crate::peers::{Peers, peer};
use crate::progress::{Overdue, Progress};
use crate::shortage::{Lack, Shortage, ShortageMark};
use crate::sparing::Sparing;
use crate::turned_away::{TurnedAway, full, too_many};
use crate::wire::Wire;
use crate::{CLOSE_TIMEOUT, ConnectionLimits};

/// The time in which a request may still arrive on a connection that is closed for another one. A connection that has
/// taken longer for its request is closed at once, because the other one waits for its place, and all new connections
/// behind it.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// The maximum number of requests in progress on one connection of HTTP/2.
const STREAMS: u32 = 100;

/// The maximum number of streams that a client may reset before the host has handled them; with one more, its
/// connection is closed.
const RESET_STREAMS: usize = 20;

/// The maximum number of bytes of bodies that a connection of HTTP/2 may send before the host reads them, per request
/// and in total.
const WINDOWS: (u32, u32) = (64 << 10, 256 << 10);

/// Decides which connections are admitted, and serves them; shared with the code that configures it and reads its
/// counters.
pub struct Acceptor {
    connections: Arc<Connections>,
    limits: RwLock<ConnectionLimits>,
    tls: RwLock<Option<Arc<ServerConfig>>>,
    peers: Peers,
    turned_away: [AtomicU64; TurnedAway::ALL.len()],
    accept_errors: Sparing,
}

impl Acceptor {
    /// Returns an acceptor for `connections` at once. When all places are taken, the most idle connection is closed for the
    /// next one. If a request is in progress on each of them, the next connection gets one of the `spare` places, over
    /// which only vital paths are served; further connections wait to be accepted.
    pub fn new(
        connections: usize,
        spare: usize,
        limits: ConnectionLimits,
        tls: Option<Arc<ServerConfig>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            connections: Connections::new(connections, spare),
            limits: RwLock::new(limits),
            tls: RwLock::new(tls),
            peers: Peers::default(),
            turned_away: Default::default(),
            accept_errors: Sparing::default(),
        })
    }

    /// Applies new settings; `None` changes nothing. Limits apply to new connections, and the rate per peer to all
    /// requests. A certificate replaces the previous one; if there was none, the new one takes effect only after a
    /// restart.
    pub fn configure(&self, limits: Option<ConnectionLimits>, tls: Option<Arc<ServerConfig>>) {
        if let Some(limits) = limits {
            *self.limits.write() = limits;
        }
        if let (Some(tls), Some(acting)) = (tls, &mut *self.tls.write()) {
            *acting = tls;
        }
    }

    /// Returns the number of connections in use, and the maximum.
    pub fn connections(&self) -> (usize, usize) {
        self.connections.in_use()
    }

    /// Returns a mark of the current moment, since which shortages can be counted.
    pub fn shortage_mark(&self) -> ShortageMark {
        self.connections.shortages().mark()
    }

    /// Returns the shortages of the listener since the mark.
    pub fn short_since(&self, mark: &ShortageMark) -> Vec<Lack> {
        self.connections.shortages().since(mark)
    }

    /// Returns the shortages of the listener within this time until now.
    pub fn short_within(&self, time: Duration) -> Vec<Lack> {
        self.connections.shortages().within(time)
    }

    /// Returns the number of connections or requests that were turned away for this reason.
    pub fn turned_away(&self, reason: TurnedAway) -> u64 {
        self.turned_away[reason as usize].load(Ordering::Relaxed)
    }

    fn turn_away(&self, reason: TurnedAway, peer: IpAddr) {
        self.turned_away[reason as usize].fetch_add(1, Ordering::Relaxed);
        if let Some((shortage, is_of_peer)) = reason.shortage() {
            self.connections.shortages().turned_away(shortage, is_of_peer.then_some(peer));
        }
    }

    fn limits(&self) -> ConnectionLimits {
        *self.limits.read()
    }

    fn tls(&self) -> Option<Arc<ServerConfig>> {
        self.tls.read().clone()
    }

    /// Returns whether connections are encrypted.
    pub(super) fn has_tls(&self) -> bool {
        self.tls().is_some()
    }

    /// Notes that no connection is waiting to be accepted.
    pub(super) fn caught_up(&self) {
        self.connections.shortages().caught_up();
    }

    /// Notes that a connection could not be accepted. Returns whether the cause is a lack of a resource, so that the
    /// next one cannot be accepted at once either.
    pub(super) fn accept_failed(&self, error: &std::io::Error, address: SocketAddr) -> bool {
        let lack = shortage(error);
        if let Some(lack) = lack {
            self.connections.shortages().wait(Shortage::Sockets(lack));
        }
        self.accept_errors.say(|more| {
            tracing::warn!(%error, %address, "cannot accept a connection{more}; see `process_open_fds` in the metrics");
        });
        lack.is_some()
    }

    /// Waits for a place for a new connection. Returns `None` if its peer has too many connections.
    pub async fn enter(&self, address: IpAddr) -> Option<Slot> {
        let progress = Progress::new(self.limits());
        let evicted = || self.turn_away(TurnedAway::Evicted, address);
        let place = self.connections.enter(address, progress, evicted).await;
        if place.is_none() {
            self.turn_away(TurnedAway::Connections, peer(address));
        }
        place
    }

    /// Serves one connection until it ends.
    pub async fn attend(
        self: Arc<Self>,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        place: Slot,
        app: App,
        stop: CancellationToken,
    ) {
        let (progress, peer) = (place.progress().clone(), place.peer());
        let limits = *progress.limits();
        let stream = match self.tls() {
            None => Either::Left(stream),
            Some(config) => {
                let handshake = TlsAcceptor::from(config).accept(stream);
                let handshake = tokio::time::timeout(limits.head_timeout, handshake);
                let shaken = tokio::select! {
                    () = progress.evicted() => return,
                    shaken = handshake => shaken,
                };
                match shaken {
                    Ok(Ok(stream)) => Either::Right(stream),
                    Ok(Err(_)) | Err(_) => return self.turn_away(TurnedAway::Tls, peer),
                }
            }
        };
        let App { answer, is_vital, rejected } = app;
        let is_spare = place.is_spare();
        let reject = |fault, progress: &Progress| {
            let bytes = progress.take_head();
            // A connection that ends between two requests is not a fault.
            if !bytes.is_empty() || matches!(fault, HeadFault::Malformed | HeadFault::TooLarge) {
                rejected(RejectedHead { fault, bytes });
            }
        };
        let service = hyper::service::service_fn(|request: Request<Incoming>| {
            let (request, in_progress) = InProgress::begin(&progress, request);
            let is_head = request.method() == Method::HEAD;
            let admitted = self.peers.admits(peer, self.limits().rate_per_peer);
            let beyond = match is_spare {
                true => Some(TurnedAway::Full),
                false if progress.is_evicted() && !self.connections.readmit(peer, &limits) => {
                    Some(TurnedAway::Connections)
                }
                false => None,
            };
            let acceptor = self.clone();
            let answering: Answering = match beyond {
                _ if !admitted => Box::pin(future::ready(too_many())),
                Some(reason) if !is_vital(request.uri().path()) => Box::pin(future::ready(full(reason))),
                _ => answer(request, peer),
            };
            async move {
                let answer = answering.await;
                if let Some(reason) = answer.extensions().get::<TurnedAway>() {
                    acceptor.turn_away(*reason, peer);
                }
                Ok::<_, Infallible>(in_progress.last(framed(answer, is_head)))
            }
        });
        let http = http(&limits);
        let wire = Wire::new(stream, progress.clone());
        let mut connection = pin!(http.serve_connection(TokioIo::new(wire), service));
        let ended = tokio::select! {
            // The connection is polled first, so that nothing that has arrived is missed when a time limit ends.
            biased;
            ended = &mut connection => Ended::Closed(ended.err().and_then(|error| fault(&*error))),
            overdue = overdue(&progress) => Ended::Overdue(overdue),
            () = progress.evicted() => Ended::Evicted,
            () = stop.cancelled() => Ended::Stopped,
        };
        match ended {
            // A client may disconnect between two requests.
            Ended::Closed(None) => return,
            Ended::Closed(Some(fault)) => return reject(fault, &progress),
            Ended::Overdue(Overdue::Head) => return reject(HeadFault::TooSlow, &progress),
            Ended::Overdue(Overdue::Idle) | Ended::Evicted | Ended::Stopped => {}
        }
        connection.as_mut().graceful_shutdown();
        let last_words = async {
            match ended {
                Ended::Stopped => tokio::time::sleep(CLOSE_TIMEOUT).await,
                // The client gets the same time again to receive the last answer.
                Ended::Overdue(_) => while_busy(&progress, limits.head_timeout, limits.head_timeout).await,
                Ended::Evicted | Ended::Closed(_) => {
                    while_busy(&progress, progress.left_of(LAST_WORDS, Instant::now()), LAST_WORDS).await;
                }
            }
        };
        let closed = tokio::select! {
            _ = connection => true,
            () = last_words => false,
        };
        if !closed && matches!(ended, Ended::Evicted) {
            reject(HeadFault::Evicted, &progress);
        }
    }
}

/// The reason why a connection is no longer served.
enum Ended {
    /// The connection was closed, perhaps because of a faulty head.
    Closed(Option<HeadFault>),
    Overdue(Overdue),
    Evicted,
    Stopped,
}

/// Returns the fault of the head that was read last, if hyper closed a connection because of the head or in the middle
/// of it.
fn fault(error: &(dyn std::error::Error + 'static)) -> Option<HeadFault> {
    let error = error.downcast_ref::<hyper::Error>()?;
    Some(match error {
        error if error.is_parse_too_large() => HeadFault::TooLarge,
        error if error.is_parse() => HeadFault::Malformed,
        _ => HeadFault::BrokenOff,
    })
}

/// Waits until a connection has exceeded a time limit. This must be polled whenever the connection was polled, so that
/// it notices the beginning of a head.
async fn overdue(progress: &Progress) -> Overdue {
    let mut timer = pin!(tokio::time::sleep(Duration::ZERO));
    poll_fn(|context| {
        loop {
            let deadline = match progress.overdue(Instant::now()) {
                Ok(overdue) => return Poll::Ready(overdue),
                Err(deadline) => deadline,
            };
            // Most deadlines move with each request. A timer that ends too early costs less than one that is set again
            // for each request.
            if deadline < timer.deadline() || timer.is_elapsed() {
                timer.as_mut().reset(deadline);
            }
            ready!(timer.as_mut().poll(context));
        }
    })
    .await
}

/// Waits for the time `first`, and then repeatedly for the time `again` while a request is in progress.
async fn while_busy(progress: &Progress, first: Duration, again: Duration) {
    tokio::time::sleep(first).await;
    while progress.is_busy() {
        tokio::time::sleep(again).await;
    }
}

fn http(limits: &ConnectionLimits) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    let max_head = u32::try_from(limits.max_head).unwrap_or(u32::MAX);
    http.http1()
        // `overdue` implements a better timeout.
        .header_read_timeout(None)
        .max_buf_size(limits.max_head)
        .max_headers(limits.max_headers);
    http.http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        // This is more than apps allow, so that they see most heads that are too large.
        .max_header_list_size(max_head.saturating_mul(2))
        .max_concurrent_streams(STREAMS)
        .max_pending_accept_reset_streams(RESET_STREAMS)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1);
    http
}

/// Removes everything that an answer with this status, or to this method, cannot have: a client would read a body as the
/// next answer (RFC 9112, section 6.3).
fn framed(mut answer: Response, is_head: bool) -> Response {
    let bodiless = [StatusCode::NO_CONTENT, StatusCode::RESET_CONTENT, StatusCode::NOT_MODIFIED];
    if bodiless.contains(&answer.status()) {
        answer.headers_mut().remove(header::CONTENT_LENGTH);
    } else if is_head {
        if let Some(length) = answer.body().size_hint().exact() {
            answer.headers_mut().entry(header::CONTENT_LENGTH).or_insert(length.into());
        }
    } else {
        return answer;
    }
    *answer.body_mut() = Body::empty();
    answer
}
