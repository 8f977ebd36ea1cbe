//! A request that the webhook received.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use tokio::time::Instant;

use crate::secrets::Masker;

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
    /// Bytes that this delivery holds in memory: the body and a guess at the rest.
    pub fn weight(&self) -> usize {
        self.body.len() + self.path.len() + self.query.len() + 64 * self.headers.len() + 256
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
