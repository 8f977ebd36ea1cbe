//! A request that the webhook received.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use orbital_config::secrets::Masker;
use orbital_listener::ArrivalOrder;
use tokio::time::Instant;

use crate::waiter::weight::{allocation, slot};

/// Bytes of a place for a header in a map: hash, name, value, links and index.
const HEADER: usize = 112;

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
    /// The order in which the headers came, if `headers` has another one.
    pub order: Option<ArrivalOrder>,
    /// The body.
    pub body: Bytes,
    /// Whether it came with a proof of who sent it.
    pub proven: bool,
    /// What it is answered, and after how long, if a test planned that; otherwise 200, at once.
    pub answered: Option<(StatusCode, Duration)>,
    /// When its last byte had come.
    pub received: Instant,
    /// The same moment, for people.
    pub received_at: SystemTime,
}

impl Delivery {
    /// Returns the headers in the order in which they came; by HTTP/2, with all values of a name together.
    pub fn headers(&self) -> Vec<(&HeaderName, &HeaderValue)> {
        ArrivalOrder::apply(self.order.as_ref(), &self.headers)
    }

    /// About how many bytes of memory this delivery takes in a queue, once it is compact.
    pub fn weight(&self) -> usize {
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            // Common names take no allocation, others do. Nothing tells them apart here.
            allocation(name.as_str().len()) / 2 + allocation(value.len())
        };
        let repeated = self.headers.len() - self.headers.keys_len();
        let places = self.headers.capacity() + repeated;
        let headers = places * HEADER + self.headers.iter().map(header).sum::<usize>();
        let texts = [self.path.capacity(), self.query.capacity(), self.body.len()].map(allocation);
        let order = self.order.as_ref().map_or(0, ArrivalOrder::weight);
        slot::<Self>() + headers + order + texts.iter().sum::<usize>()
    }

    /// Makes this delivery hold no more than its weight: copies the values of its headers out of the buffer of its
    /// connection, which is larger by far. Its body is a copy already.
    pub(super) fn compact(&mut self) {
        for value in self.headers.values_mut() {
            if let Ok(mut copy) = HeaderValue::from_bytes(value.as_bytes()) {
                copy.set_sensitive(value.is_sensitive());
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
}
