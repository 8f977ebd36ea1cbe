//! The state of one connection: requests in progress, the head that is being read, and when the connection is overdue.
//!
//! The time limit that hyper has for a head starts before the head does, so it cannot distinguish an idle connection
//! from a slow head. This state is updated with the bytes that hyper reads.

use std::sync::Arc;
use std::time::Duration;

use http::Request;
use http_body::Body;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::ConnectionLimits;
use crate::frames::Frames;
use crate::head::{ArrivalOrder, head_end};

/// The first bytes of every connection of HTTP/2.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The maximum capacity of the buffer for heads that an idle connection keeps.
const KEPT: usize = 4 << 10;

/// The progress of a connection, shared by its stream, its requests, and the table of connections.
#[derive(Debug)]
pub(super) struct Progress {
    limits: ConnectionLimits,
    state: Mutex<State>,
    evicted: Notify,
}

#[derive(Debug)]
struct State {
    protocol: Protocol,
    /// The number of requests in progress.
    requests: usize,
    /// Whether this connection has had a request.
    served: bool,
    /// The time at which the last request ended or, without any, the connection began.
    idle_since: Instant,
    /// The time at which the head that is being read began.
    head_since: Option<Instant>,
    evicted: bool,
}

#[derive(Debug)]
enum Protocol {
    /// HTTP/1, or a protocol that is not known yet.
    Http1(Reading),
    Http2(Frames),
}

/// The data that is being read by HTTP/1.
#[derive(Debug, Default)]
struct Reading {
    /// The beginning of the head that is being read, with the bytes that arrived behind it in the same read.
    head: Vec<u8>,
    /// The length of `head`, including the bytes that were not kept.
    length: usize,
    /// The number of bytes of the request's body that have not arrived yet; `u64::MAX` if only hyper knows where the
    /// body ends.
    body_left: u64,
}

/// How idle a connection is: smaller values are more idle. A connection without any request yet is the most idle one.
pub(super) type Idleness = (bool, Instant);

/// The state of a connection when it was closed for another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Eviction {
    /// The connection was idle.
    Idle,
    /// A request was being read, or the first one may have been on its way, because the connection had been open for
    /// less than the timeout of a head.
    BeforeRequest,
}

/// The part of a connection that exceeded its time limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overdue {
    /// The head that is being read.
    Head,
    /// The wait for the next request.
    Idle,
}

impl Progress {
    /// Returns the progress of a connection that begins now.
    pub(super) fn new(limits: ConnectionLimits) -> Arc<Self> {
        let state = State {
            protocol: Protocol::Http1(Reading::default()),
            requests: 0,
            served: false,
            idle_since: Instant::now(),
            head_since: None,
            evicted: false,
        };
        Arc::new(Self { limits, state: Mutex::new(state), evicted: Notify::new() })
    }

    /// Returns the limits of this connection.
    pub(super) fn limits(&self) -> &ConnectionLimits {
        &self.limits
    }

    /// Notes bytes that were read.
    pub(super) fn read(&self, bytes: &[u8]) {
        self.lock().read(bytes, self.limits.max_head);
    }

    /// Notes that a request has been read and is in progress. Returns the order in which its headers arrived, if it may
    /// differ from the order of its `HeaderMap`.
    pub(super) fn begin<B: Body>(&self, request: &Request<B>) -> Option<ArrivalOrder> {
        let mut state = self.lock();
        state.requests += 1;
        state.served = true;
        let Protocol::Http1(reading) = &mut state.protocol else { return None };
        let order = reading.end_of_head(request, self.limits.max_headers);
        state.head_since = None;
        order
    }

    /// Notes that a body whose end only hyper knows has been read.
    pub(super) fn body_ended(&self) {
        if let Protocol::Http1(reading) = &mut self.lock().protocol {
            reading.body_left = 0;
        }
    }

    /// Notes that a request is no longer in progress.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.requests -= 1;
        if state.requests > 0 {
            return;
        }
        let now = Instant::now();
        state.idle_since = now;
        // The next head may have begun in the meantime.
        if matches!(&state.protocol, Protocol::Http1(reading) if reading.length > 0) {
            state.head_since = Some(now);
        }
    }

    /// Returns the part of the connection that has exceeded its time limit, or else when to check again.
    pub(super) fn overdue(&self, now: Instant) -> Result<Overdue, Instant> {
        let state = self.lock();
        let (head, idle) = (self.limits.head_timeout, self.limits.idle_timeout);
        let waits_for_head = state.requests == 0 || matches!(state.protocol, Protocol::Http2(_));
        let (deadline, overdue) = match state.head_since.filter(|_| waits_for_head) {
            Some(since) => (since + head, Overdue::Head),
            None if state.requests == 0 => (state.idle_since + idle, Overdue::Idle),
            // If a request ends right after this, the connection is idle for the whole of this time.
            None => return Err(now + idle),
        };
        if now < deadline { Err(deadline) } else { Ok(overdue) }
    }

    /// Returns how idle the connection is, if no request is in progress.
    pub(super) fn idleness(&self) -> Option<Idleness> {
        let state = self.lock();
        (state.requests == 0 && !state.evicted).then_some((state.served, state.idle_since))
    }

    /// Closes the connection, unless it has become less idle than this. A request that begins before it is closed is
    /// still answered.
    pub(super) fn evict(&self, idleness: Idleness) -> Option<Eviction> {
        let mut state = self.lock();
        let unchanged = state.requests == 0 && !state.evicted && (state.served, state.idle_since) == idleness;
        if !unchanged {
            return None;
        }
        state.evicted = true;
        self.evicted.notify_one();
        let is_young = !state.served && state.idle_since.elapsed() < self.limits.head_timeout;
        Some(if is_young || state.head_since.is_some() { Eviction::BeforeRequest } else { Eviction::Idle })
    }

    /// Waits until the connection is to be closed.
    pub(super) async fn evicted(&self) {
        self.evicted.notified().await;
    }

    /// Returns whether the connection is to be closed for another one.
    pub(super) fn is_evicted(&self) -> bool {
        self.lock().evicted
    }

    /// Returns whether the connection is to be closed for another one, and no request on it has to be answered first.
    pub(super) fn is_leaving(&self) -> bool {
        let state = self.lock();
        state.evicted && state.requests == 0
    }

    /// Returns the remaining part of a time for a request, from which the time used by an unfinished head, or by a
    /// connection without any request, is subtracted.
    pub(super) fn left_of(&self, time: Duration, now: Instant) -> Duration {
        let state = self.lock();
        let since = if state.served { state.head_since.unwrap_or(now) } else { state.idle_since };
        time.saturating_sub(now.saturating_duration_since(since))
    }

    /// Returns whether a request is in progress.
    pub(super) fn is_busy(&self) -> bool {
        self.lock().requests > 0
    }

    /// Takes the bytes that have been read of a head that did not become a request.
    pub(super) fn take_head(&self) -> Vec<u8> {
        match &mut self.lock().protocol {
            Protocol::Http1(reading) => std::mem::take(&mut reading.head),
            Protocol::Http2(_) => Vec::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // If code under this lock panics, it never leaves the state half changed.
        self.state.lock()
    }
}

impl State {
    fn read(&mut self, bytes: &[u8], most: usize) {
        match &mut self.protocol {
            Protocol::Http2(frames) => match frames.read(bytes) {
                true => self.head_since = self.head_since.or_else(|| Some(Instant::now())),
                false => self.head_since = None,
            },
            Protocol::Http1(reading) => {
                if !reading.read(bytes, most) {
                    return;
                }
                if !self.served && reading.head.starts_with(PREFACE) {
                    let mut frames = Frames::default();
                    let began = frames.read(&reading.head[PREFACE.len()..]);
                    self.protocol = Protocol::Http2(frames);
                    self.head_since = began.then(Instant::now);
                } else if self.requests == 0 && self.head_since.is_none() {
                    self.head_since = Some(Instant::now());
                }
            }
        }
    }
}

impl Reading {
    /// Returns whether bytes of a head were read.
    fn read(&mut self, bytes: &[u8], most: usize) -> bool {
        if self.body_left == u64::MAX {
            return false;
        }
        let body = usize::try_from(self.body_left).unwrap_or(usize::MAX).min(bytes.len());
        self.body_left -= body as u64;
        let mut bytes = &bytes[body..];
        if self.head.is_empty() {
            bytes = without_empty_lines(bytes);
        }
        let kept = bytes.len().min(most.saturating_sub(self.head.len()));
        self.head.extend_from_slice(&bytes[..kept]);
        self.length += bytes.len();
        !bytes.is_empty()
    }

    /// Removes the head of a request and its body, and keeps the bytes behind them: the beginning of the next head.
    fn end_of_head<B: Body>(&mut self, request: &Request<B>, max_headers: usize) -> Option<ArrivalOrder> {
        let end = head_end(&self.head);
        let repeats = request.headers().len() != request.headers().keys_len();
        let order = match end {
            Some(end) if repeats => ArrivalOrder::read(&self.head[..end], request.headers(), max_headers),
            _ => None,
        };
        let whole = self.length == self.head.len();
        let next = match (end, request.body().size_hint().exact()) {
            (Some(end), Some(body)) => {
                let behind = (self.length - end) as u64;
                self.body_left = body.saturating_sub(behind);
                let next = behind.saturating_sub(body) as usize;
                if whole { without_empty_lines(&self.head[self.head.len() - next..]).len() } else { 0 }
            }
            _ => {
                self.body_left = u64::MAX;
                0
            }
        };
        if next > 0 {
            self.head.drain(..self.head.len() - next);
        } else if self.head.capacity() > KEPT {
            self.head = Vec::new();
        } else {
            self.head.clear();
        }
        self.length = self.head.len();
        order
    }
}

/// Removes empty lines at the beginning. Some clients end a body with a line break that is not part of it, and that
/// does not begin a head.
fn without_empty_lines(bytes: &[u8]) -> &[u8] {
    let begin = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'));
    &bytes[begin.unwrap_or(bytes.len())..]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures_util::stream;
    use http_body_util::{Full, StreamBody};

    use super::*;

    const HEAD: Duration = Duration::from_secs(10);
    const IDLE: Duration = Duration::from_secs(60);
    const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: any\r\n\r\n";

    fn progress() -> Arc<Progress> {
        Progress::new(ConnectionLimits {
            head_timeout: HEAD,
            idle_timeout: IDLE,
            ..ConnectionLimits::default()
        })
    }

    fn get() -> Request<Full<&'static [u8]>> {
        Request::new(Full::new(b""))
    }

    async fn pass(seconds: u64) -> Instant {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_from_the_end_of_its_last_request_on() {
        let progress = progress();
        for _ in 0..3 {
            let now = pass(40).await;
            assert!(progress.overdue(now).is_err());
            progress.read(GET);
            progress.begin(&get());
            let now = pass(100).await;
            assert!(progress.overdue(now).is_err(), "a request is in progress");
            progress.end();
            assert_eq!(progress.overdue(now), Err(now + IDLE));
        }
        assert_eq!(progress.overdue(pass(60).await), Ok(Overdue::Idle));
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_began_during_a_request_has_its_time_from_the_end_of_that_on() {
        let progress = progress();
        progress.read(&[GET, b"GET / HT"].concat());
        progress.begin(&get());
        pass(30).await;
        progress.end();
        let end = Instant::now();
        assert_eq!(progress.overdue(end), Err(end + HEAD));
        assert_eq!(progress.overdue(pass(10).await), Ok(Overdue::Head));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_of_unknown_length_is_no_head() {
        let progress = progress();
        progress.read(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
        let chunks = stream::empty::<Result<http_body::Frame<&[u8]>, std::convert::Infallible>>();
        progress.begin(&Request::new(StreamBody::new(chunks)));
        progress.read(b"4\r\nbody\r\n0\r\n\r\n");
        progress.body_ended();
        progress.end();
        let end = Instant::now();
        assert_eq!(progress.overdue(end), Err(end + IDLE));
        assert_eq!(progress.take_head(), b"");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_uses_up_the_time_that_an_evicted_connection_has_left() {
        let progress = progress();
        let left = |now| progress.left_of(HEAD, now).as_secs();
        assert_eq!(left(Instant::now()), 10);
        assert_eq!(left(pass(4).await), 6, "it has sent nothing since it began");
        progress.read(GET);
        progress.begin(&get());
        progress.end();
        assert_eq!(left(pass(20).await), 10, "a request may be on its way");
        progress.read(b"GET");
        assert_eq!(left(pass(7).await), 3);
        assert_eq!(left(pass(7).await), 0);
    }
}
