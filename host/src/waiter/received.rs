//! What the webhook received lately, and what became of it: for people who ask why a test got nothing.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use http::HeaderMap;
use tokio::sync::watch;
use uuid::Uuid;

use super::{Delivery, Disposition};
use crate::delicate::{MASK, is_delicate};
use crate::secrets::Masker;

/// How much of a body is kept, in bytes.
const BODY: usize = 1024;

/// How much of a path, a query or a value of a header is kept, in bytes.
const TEXT: usize = 512;

/// How many headers are kept.
const HEADERS: usize = 64;

/// One request, cut short where it is long.
#[derive(Debug, Clone)]
pub struct Received {
    /// Counted from 1 since the host started.
    pub number: u64,
    /// When its last byte had come.
    pub at: SystemTime,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// What came after the first `?`.
    pub query: String,
    /// Names and values; what may be a secret is masked.
    pub headers: Vec<(String, String)>,
    /// The beginning of the body.
    pub body: String,
    /// Its whole length in bytes.
    pub size: usize,
    /// The key that was found.
    pub key: Option<String>,
    /// What became of it.
    pub disposition: Disposition,
    /// The run that has it, or that it came too late for.
    pub run: Option<Uuid>,
    /// How long that run had been over.
    pub late_by: Option<Duration>,
    /// Why it was refused.
    pub refused: Option<String>,
}

/// What became of a request, and whose it was.
pub(super) struct Fate {
    pub(super) disposition: Disposition,
    pub(super) run: Option<Uuid>,
    pub(super) late_by: Option<Duration>,
}

impl Received {
    /// A request that came whole.
    pub(super) fn whole(delivery: &Delivery, key: Option<&str>) -> Self {
        Self {
            at: delivery.received_at,
            body: cut(&String::from_utf8_lossy(beginning(&delivery.body, BODY)), BODY),
            size: delivery.body.len(),
            key: key.map(str::to_owned),
            ..Self::new(delivery.method.as_str(), &delivery.path, &delivery.query, &delivery.headers, TEXT)
        }
    }

    /// A request that was refused before its body had come. It is not cut short yet: half a secret would not be found.
    pub fn refused(method: &str, path: &str, query: &str, headers: &HeaderMap, reason: &str) -> Self {
        Self {
            disposition: Disposition::Rejected,
            refused: Some(reason.trim_end().to_owned()),
            ..Self::new(method, path, query, headers, usize::MAX)
        }
    }

    /// The same with what is secret hidden, and cut short.
    pub(super) fn hidden(mut self, masker: &Masker) -> Self {
        for text in [&mut self.method, &mut self.path, &mut self.query] {
            *text = cut(&masker.text(text), TEXT);
        }
        for (name, value) in &mut self.headers {
            masker.hide_in(name);
            *value = cut(&masker.text(value), TEXT);
        }
        self
    }

    fn new(method: &str, path: &str, query: &str, headers: &HeaderMap, most: usize) -> Self {
        // Copied, since a value shares the buffer of its connection, which is larger by far.
        let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            let delicate = value.is_sensitive() || is_delicate(name.as_str());
            let text = || cut(&String::from_utf8_lossy(beginning(value.as_bytes(), most)), most);
            (name.as_str().to_owned(), if delicate { MASK.to_owned() } else { text() })
        };
        Self {
            number: 0,
            at: SystemTime::now(),
            method: cut(method, most),
            path: cut(path, most),
            query: cut(query, most),
            headers: headers.iter().take(HEADERS).map(header).collect(),
            body: String::new(),
            size: 0,
            key: None,
            disposition: Disposition::NoKey,
            run: None,
            late_by: None,
            refused: None,
        }
    }

    fn weight(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + 64).sum();
        size_of::<Self>() + headers + self.path.len() + self.query.len() + self.body.len()
    }
}

fn beginning(bytes: &[u8], most: usize) -> &[u8] {
    bytes.get(..most).unwrap_or(bytes)
}

/// At most so many bytes, whole characters.
fn cut(text: &str, most: usize) -> String {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// The newest requests that were taken, and the newest that were refused: strangers at the door do not push out
/// what tests wait for.
pub(super) struct Recent {
    next: u64,
    taken: Newest,
    refused: Newest,
    /// For those who look while something changes.
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
    /// So many of both, each.
    pub(super) fn new(most: usize, most_bytes: usize) -> Self {
        let newest = || Newest { most, most_bytes, bytes: 0, requests: VecDeque::new() };
        Self { next: 1, taken: newest(), refused: newest(), changed: watch::Sender::new(()) }
    }

    /// The number that the next request gets.
    pub(super) fn next_number(&self) -> u64 {
        self.next
    }

    /// Keeps a request; the oldest ones go.
    pub(super) fn keep(&mut self, request: Received) {
        let request = Received { number: self.next, ..request };
        self.next += 1;
        match request.disposition {
            Disposition::Rejected => self.refused.keep(request),
            _ => self.taken.keep(request),
        }
        self.changed.send_replace(());
    }

    /// Has news when a request came, or another thing became of one.
    pub(super) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Notes what became of a request later. Only one that was taken becomes something.
    pub(super) fn settle(&mut self, number: u64, disposition: Disposition, run: Option<Uuid>) {
        let requests = &mut self.taken.requests;
        if let Ok(index) = requests.binary_search_by_key(&number, |request| request.number) {
            requests[index].disposition = disposition;
            requests[index].run = run;
            self.changed.send_replace(());
        }
    }

    /// The newest first.
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
    use http::{HeaderValue, header};

    use super::*;

    fn request(path: &str) -> Received {
        Received::new("POST", path, "", &HeaderMap::new(), TEXT)
    }

    #[test]
    fn the_newest_are_kept_and_settled_by_number() {
        let mut recent = Recent::new(2, usize::MAX);
        for path in ["/a", "/b", "/c"] {
            recent.keep(request(path));
        }
        recent.settle(1, Disposition::Early, None);
        recent.settle(3, Disposition::Early, None);
        let kept: Vec<_> = recent.newest().map(|one| (one.number, &*one.path, one.disposition)).collect();
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
        let refused = |path| Received::refused("POST", path, "", &HeaderMap::new(), "a stranger's");
        recent.keep(request("/a"));
        recent.keep(refused("/1"));
        recent.keep(request("/b"));
        for path in ["/2", "/3", "/4"] {
            recent.keep(refused(path));
        }
        recent.settle(1, Disposition::Early, None);
        let kept: Vec<_> = recent.newest().map(|one| (one.number, &*one.path, one.disposition)).collect();
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
        let received = Received::new("POST", &"é".repeat(TEXT), "", &headers, TEXT);
        assert_eq!(received.path.len(), TEXT);
        let expected = [("authorization", MASK), ("x-id", "7")];
        assert!(
            expected.iter().all(|(name, value)| {
                received.headers.contains(&((*name).to_owned(), (*value).to_owned()))
            })
        );
    }
}
