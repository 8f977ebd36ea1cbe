//! A request that the webhook received.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::time::Instant;

use crate::secrets::Masker;

/// About the size of a connection's buffer.
const BUFFER: usize = 64 << 10;

/// One request, whole.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The method.
    pub method: Method,
    /// The path, as it was sent.
    pub path: String,
    /// What came after the first `?`; empty if nothing did.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What it is answered, and after how long, if a test planned that; otherwise 200, at once.
    pub answered: Option<(StatusCode, Duration)>,
    /// When its last byte had come.
    pub received: Instant,
    /// The same moment, for people.
    pub received_at: SystemTime,
}

impl Delivery {
    /// Bytes that this delivery holds in memory: body, headers, path and query, and a guess at what they are held in.
    pub fn weight(&self) -> usize {
        let header = |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 64;
        let headers: usize = self.headers.iter().map(header).sum();
        self.body.len() + self.path.len() + self.query.len() + headers + 256
    }

    /// Holds no more than its weight: what is short is copied out of the buffer of its connection, which is larger
    /// by far. For what may be a stranger's, and is kept for a while.
    pub(super) fn compact(&mut self) {
        if self.body.len() < BUFFER {
            self.body = Bytes::copy_from_slice(&self.body);
        }
        for value in self.headers.values_mut() {
            if let Ok(copy) = HeaderValue::from_bytes(value.as_bytes()) {
                *value = copy;
            }
        }
    }

    /// Hides what is secret in it.
    pub(super) fn hide(&mut self, masker: &Masker) {
        masker.hide_in_method(&mut self.method);
        masker.hide_in(&mut self.path);
        masker.hide_in(&mut self.query);
        masker.hide_in_message(&mut self.headers, &mut self.body);
    }

    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.weight() <= bytes
    }
}
