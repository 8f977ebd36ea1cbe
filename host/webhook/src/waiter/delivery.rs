//! A request that the webhook received.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use orbital_config::secrets::Masker;
use orbital_listener::ArrivalOrder;
use tokio::time::Instant;

use crate::waiter::weight::{allocation, slot};

/// The bytes of a header's slot in a map: hash, name, value, links and index.
const HEADER: usize = 112;

/// One complete request.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The method.
    pub method: Method,
    /// The path, as it was sent.
    pub path: String,
    /// The query after the first `?`; empty if there is none.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The order in which the headers arrived, if it differs from the order of `headers`.
    pub order: Option<ArrivalOrder>,
    /// The body.
    pub body: Bytes,
    /// Whether the sender was authenticated.
    pub proven: bool,
    /// The status and delay of the reply, if a test planned one; otherwise it is 200, without delay.
    pub answered: Option<(StatusCode, Duration)>,
    /// When the last byte was received.
    pub received: Instant,
    /// When the last byte was received, as a time of day for display.
    pub received_at: SystemTime,
}

impl Delivery {
    /// Returns the headers in the order of their arrival; for HTTP/2, with all values of a name together.
    pub fn headers(&self) -> Vec<(&HeaderName, &HeaderValue)> {
        ArrivalOrder::apply(self.order.as_ref(), &self.headers)
    }

    /// Returns about how many bytes of memory this delivery uses in a queue, once it is compact.
    pub fn weight(&self) -> usize {
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            // Common names need no allocation, others do. They cannot be distinguished here.
            allocation(name.as_str().len()) / 2 + allocation(value.len())
        };
        let repeated = self.headers.len() - self.headers.keys_len();
        let places = self.headers.capacity() + repeated;
        let headers = places * HEADER + self.headers.iter().map(header).sum::<usize>();
        let texts = [self.path.capacity(), self.query.capacity(), self.body.len()].map(allocation);
        let order = self.order.as_ref().map_or(0, ArrivalOrder::weight);
        slot::<Self>() + headers + order + texts.iter().sum::<usize>()
    }

    /// Reduces the memory of this delivery to its weight: copies the values of its headers, all into one allocation, out of
    /// the connection's buffer, which is much larger. The body is already a copy.
    pub(super) fn compact(&mut self) {
        let mut copies = BytesMut::with_capacity(self.headers.values().map(HeaderValue::len).sum());
        for value in self.headers.values_mut() {
            copies.extend_from_slice(value.as_bytes());
            if let Ok(mut copy) = HeaderValue::from_maybe_shared(copies.split().freeze()) {
                copy.set_sensitive(value.is_sensitive());
                *value = copy;
            }
        }
    }

    /// Masks secrets in this delivery.
    pub(super) fn hide(&mut self, masker: &Masker) {
        masker.hide_in_method(&mut self.method);
        masker.hide_in(&mut self.path);
        masker.hide_in(&mut self.query);
        masker.hide_in_message(&mut self.headers, &mut self.body);
    }
}
