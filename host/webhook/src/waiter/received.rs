//! The requests that the webhook received recently, and their results: to explain why a test received nothing.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, HeaderValue};
use orbital_config::secrets::Masker;
use orbital_listener::ArrivalOrder;
use orbital_model::sensitive::{MASK, is_sensitive};
use orbital_model::text::lossy;
use orbital_model::utf16::{MARK, Utf16};
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::waiter::weight::{allocation, slot};
use crate::waiter::{Delivery, Disposition, RequestText};

/// The maximum length of a recorded body, in bytes.
const BODY: usize = 1024;

/// The maximum length of a recorded path, query or header value, in bytes.
const TEXT: usize = 512;

/// The maximum number of recorded headers.
const HEADERS: usize = 64;

/// One request, with long parts truncated.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request's number, counted from 1 since the host started.
    pub number: u64,
    /// When the last byte was received.
    pub at: SystemTime,
    /// Method, path, query, headers and the beginning of the body.
    pub text: RequestText,
    /// The length of the whole body in bytes.
    pub size: usize,
    /// The component whose URL the request was sent to, if each has its own.
    pub component: Option<String>,
    /// The key that was found.
    pub key: Option<String>,
    /// Locations before that of the key whose values are not usable.
    pub skipped: Vec<SkippedLocation>,
    /// The result of the request.
    pub disposition: Disposition,
    /// The run that received the request.
    pub run: Option<Uuid>,
    /// The run for which the request was too late.
    pub late: Option<Lateness>,
    /// Why the request was rejected.
    pub refused: Option<String>,
}

/// A location that was searched for a key, and has a value that is not a valid key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SkippedLocation {
    /// The location, as in `webhook.keys`.
    pub location: String,
    /// Why the value is not a valid key.
    pub reason: String,
}

/// How late a delivery was for a run that had ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lateness {
    /// The run.
    pub run: Uuid,
    /// The time since the run ended.
    pub by: Duration,
}

/// The result of a request, and the run that it belongs to.
pub(super) struct Fate {
    pub(super) disposition: Disposition,
    pub(super) run: Option<Uuid>,
    pub(super) late: Option<Lateness>,
}

impl Received {
    /// Creates the record of a complete request.
    pub(super) fn whole(
        delivery: &Delivery,
        component: Option<&str>,
        key: Option<&str>,
        skipped: Vec<SkippedLocation>,
    ) -> Self {
        let body = text(&delivery.body);
        let line = [delivery.method.as_str(), &delivery.path, &delivery.query];
        Self {
            at: delivery.received_at,
            size: delivery.body.len(),
            component: component.map(str::to_owned),
            key: key.map(str::to_owned),
            skipped,
            ..Self::new(line, &body, delivery.headers(), TEXT)
        }
    }

    /// Creates the record of a request that was rejected before its body was received. It is not truncated yet, because
    /// a secret that is cut in half would not be found.
    pub fn refused(
        method: &str,
        path: &str,
        query: &str,
        headers: &HeaderMap,
        order: Option<&ArrivalOrder>,
        reason: &str,
    ) -> Self {
        Self {
            disposition: Disposition::Rejected,
            refused: Some(reason.trim_end().to_owned()),
            ..Self::new([method, path, query], "", ArrivalOrder::apply(order, headers), usize::MAX)
        }
    }

    /// Returns the request with secrets masked and long parts truncated.
    pub(super) fn hidden(self, masker: &Masker) -> Self {
        let text = &self.text;
        let [method, path, query] = [text.method(), text.path(), text.query()].map(|part| masker.text(part));
        let headers: Vec<_> =
            text.headers().map(|(name, value)| (masker.text(name), masker.text(value))).collect();
        let headers = headers.iter().map(|(name, value)| (&**name, Cow::Borrowed(cut(value, TEXT))));
        let line = [cut(&method, TEXT), cut(&path, TEXT), cut(&query, TEXT)];
        Self { text: RequestText::new(line, text.body(), headers), ..self }
    }

    fn new(line: [&str; 3], body: &str, headers: Vec<(&HeaderName, &HeaderValue)>, most: usize) -> Self {
        let headers = headers.into_iter().take(HEADERS).map(|(name, value)| {
            let is_secret = value.is_sensitive() || is_sensitive(name.as_str());
            let value = if is_secret { MASK.into() } else { shortened(value.as_bytes(), most) };
            (name.as_str(), value)
        });
        Self {
            number: 0,
            at: SystemTime::now(),
            text: RequestText::new(line.map(|part| cut(part, most)), body, headers),
            size: 0,
            component: None,
            key: None,
            skipped: Vec::new(),
            disposition: Disposition::NoKey,
            run: None,
            late: None,
            refused: None,
        }
    }

    /// Returns where in the request a text is, as far as the request is recorded.
    pub(super) fn location_of(&self, text: &str) -> Option<String> {
        let request = &self.text;
        if let Some((name, _)) = request.headers().find(|(_, value)| value.contains(text)) {
            return Some(format!("the header `{name}`"));
        }
        let parts =
            [(request.path(), "the path"), (request.query(), "the query"), (request.body(), "the body")];
        parts.iter().find(|(part, _)| part.contains(text)).map(|(_, name)| (*name).to_owned())
    }

    /// Returns the run that received the request, or for which it was too late.
    pub fn run(&self) -> Option<Uuid> {
        self.run.or(self.late.as_ref().map(|late| late.run))
    }

    /// Returns whether this run received the request, or the request was too late for it.
    pub fn is_of(&self, run: Uuid) -> bool {
        self.run == Some(run) || self.late.as_ref().is_some_and(|late| late.run == run)
    }

    /// Returns about how many bytes of memory the request uses.
    fn weight(&self) -> usize {
        let location = |one: &SkippedLocation| allocation(one.location.len()) + allocation(one.reason.len());
        let skipped = self.skipped.iter().map(location).sum::<usize>()
            + allocation(self.skipped.capacity() * size_of::<SkippedLocation>());
        let options = [&self.component, &self.key, &self.refused];
        let options = options.map(|text| text.as_ref().map_or(0, |text| allocation(text.len())));
        slot::<Self>() + self.text.weight() + skipped + options.iter().sum::<usize>()
    }
}

/// Returns the beginning of a body as text. A body in UTF-16 is decoded.
fn text(body: &[u8]) -> Cow<'_, str> {
    match Utf16::of(body) {
        Some(utf16) => {
            let text = utf16.decode(beginning(body, BODY));
            cut(text.trim_start_matches(MARK), BODY).to_owned().into()
        }
        None => shortened(body, BODY),
    }
}

/// Returns the beginning of some text: at most this number of bytes, in whole characters.
fn shortened(text: &[u8], most: usize) -> Cow<'_, str> {
    match lossy(beginning(text, most)) {
        Cow::Borrowed(text) => cut(text, most).into(),
        Cow::Owned(text) => cut(&text, most).to_owned().into(),
    }
}

fn beginning(bytes: &[u8], most: usize) -> &[u8] {
    bytes.get(..most).unwrap_or(bytes)
}

/// Returns the beginning of a text: at most this number of bytes, in whole characters.
fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The newest accepted requests and the newest rejected ones, separately, so that rejected ones do not displace those
/// that tests wait for.
pub(super) struct Recent {
    next: u64,
    taken: Newest,
    refused: Newest,
    /// Notifies those who watch for changes.
    changed: watch::Sender<()>,
}

/// Requests by number, bounded in number and bytes.
struct Newest {
    most: usize,
    most_bytes: usize,
    bytes: usize,
    requests: VecDeque<Received>,
}

impl Recent {
    /// Creates an empty list with these limits for accepted requests and, separately, for rejected ones.
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        let newest = || Newest { most, most_bytes, bytes: 0, requests: VecDeque::new() };
        Self { next: 1, taken: newest(), refused: newest(), changed: watch::Sender::new(()) }
    }

    /// Returns the number that the next request gets.
    pub(super) fn next_number(&self) -> u64 {
        self.next
    }

    /// Records a request and drops the oldest ones.
    pub(super) fn keep(&mut self, request: Received) {
        let request = Received { number: self.next, ..request };
        self.next += 1;
        match request.disposition {
            Disposition::Rejected => self.refused.keep(request),
            _ => self.taken.keep(request),
        }
        self.notify();
    }

    fn notify(&self) {
        // It would wake nobody, and take longer than the rest.
        if self.changed.receiver_count() > 0 {
            self.changed.send_replace(());
        }
    }

    /// Returns a receiver that is notified when a request arrives, or the result of one changes.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Records a later result of a request. Only accepted requests can change.
    pub(super) fn settle(&mut self, number: u64, disposition: Disposition, run: Option<Uuid>) {
        let requests = &mut self.taken.requests;
        if let Ok(index) = requests.binary_search_by_key(&number, |request| request.number) {
            requests[index].disposition = disposition;
            requests[index].run = run;
            self.notify();
        }
    }

    /// Returns the requests, the newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &Received> {
        let mut taken = self.taken.requests.iter().rev().peekable();
        let mut refused = self.refused.requests.iter().rev().peekable();
        std::iter::from_fn(move || {
            let number = |request: Option<&&Received>| request.map(|request| request.number);
            if number(taken.peek()) > number(refused.peek()) { taken.next() } else { refused.next() }
        })
    }
}

impl Newest {
    fn keep(&mut self, request: Received) {
        self.bytes += request.weight();
        self.requests.push_back(request);
        while self.requests.len() > self.most || self.bytes > self.most_bytes {
            let Some(oldest) = self.requests.pop_front() else { return };
            self.bytes -= oldest.weight();
        }
    }
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    fn request(path: &str) -> Received {
        Received::new(["POST", path, ""], "", Vec::new(), TEXT)
    }

    #[test]
    fn the_newest_are_kept_and_settled_by_number() {
        let mut recent = Recent::new(2, usize::MAX);
        for path in ["/a", "/b", "/c"] {
            recent.keep(request(path));
        }
        recent.settle(1, Disposition::Early, None);
        recent.settle(3, Disposition::Early, None);
        let kept: Vec<_> =
            recent.newest().map(|one| (one.number, one.text.path(), one.disposition)).collect();
        assert_eq!(kept, [(3, "/c", Disposition::Early), (2, "/b", Disposition::NoKey)]);
    }

    #[test]
    fn bytes_are_bounded() {
        let mut recent = Recent::new(100, 3 * request("/a").weight());
        for _ in 0..10 {
            recent.keep(request("/a"));
        }
        assert_eq!(recent.newest().count(), 3);
        assert_eq!(recent.taken.bytes, 3 * request("/a").weight());
    }

    #[test]
    fn what_is_refused_pushes_out_nothing_that_was_taken() {
        let mut recent = Recent::new(2, usize::MAX);
        let refused = |path| Received::refused("POST", path, "", &HeaderMap::new(), None, "a stranger's");
        recent.keep(request("/a"));
        recent.keep(refused("/1"));
        recent.keep(request("/b"));
        for path in ["/2", "/3", "/4"] {
            recent.keep(refused(path));
        }
        recent.settle(1, Disposition::Early, None);
        let kept: Vec<_> =
            recent.newest().map(|one| (one.number, one.text.path(), one.disposition)).collect();
        let expected = [
            (6, "/4", Disposition::Rejected),
            (5, "/3", Disposition::Rejected),
            (3, "/b", Disposition::NoKey),
            (1, "/a", Disposition::Early),
        ];
        assert_eq!(kept, expected);
    }

    #[test]
    fn what_is_long_is_cut_and_what_is_secret_is_masked() {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("Bearer abc"));
        headers.insert("x-id", HeaderValue::from_static("7"));
        let path = "é".repeat(TEXT);
        let received = Received::new(["POST", &path, "a=b"], "body", headers.iter().collect(), TEXT);
        assert_eq!(received.text.method(), "POST");
        assert_eq!(received.text.path(), &path[..TEXT]);
        assert_eq!(received.text.query(), "a=b");
        assert_eq!(received.text.body(), "body");
        let kept: Vec<_> = received.text.headers().collect();
        assert_eq!(kept, [("authorization", MASK), ("x-id", "7")]);
    }
}
