//! The behaviour of the fake system under test.

use std::time::Duration;

use serde::Serialize;

use crate::SendError;
use crate::content::{Content, content_methods};

/// A target's response, and the deliveries that follow it.
#[derive(Debug, Clone)]
#[must_use = "an answer is returned from the closure of `Host::on_event`"]
pub struct Answer {
    pub(super) status: u16,
    pub(super) took: Duration,
    pub(super) error: Option<SendError>,
    pub(super) deliveries: Vec<Deliver>,
    pub(super) content: Content,
}

impl Answer {
    /// Creates an immediate response with this HTTP status.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            took: Duration::ZERO,
            error: None,
            deliveries: Vec::new(),
            content: Content::default(),
        }
    }

    /// Creates an error: the request gets no response, for this reason.
    pub fn none(error: SendError) -> Self {
        Self { error: Some(error), ..Self::status(0) }
    }

    /// Sets how long the case waits for the response.
    pub fn after(mut self, took: Duration) -> Self {
        self.took = took;
        self
    }

    /// Adds a delivery.
    pub fn deliver(mut self, delivery: Deliver) -> Self {
        self.deliveries.push(delivery);
        self
    }
}

content_methods!(Answer);

/// A delivery: a request to the webhook.
#[derive(Debug, Clone)]
#[must_use = "a delivery is added to an `Answer`"]
pub struct Deliver {
    pub(super) key: Option<String>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) after: Duration,
    pub(super) content: Content,
}

impl Deliver {
    /// Creates a delivery without a body, with the key of the event.
    pub fn new() -> Self {
        Self {
            key: None,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            after: Duration::ZERO,
            content: Content::default(),
        }
    }

    /// Creates a delivery with this value as JSON, with the key of the event.
    ///
    /// # Panics
    ///
    /// If the value cannot be serialized as JSON.
    #[track_caller]
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        let mut delivery = Self::new();
        delivery.content.set_json(value);
        delivery
    }

    /// Sets the key. The default is the key of the event.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Sets the HTTP method. The default is `POST`.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// Sets the path. The default is `/`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets the query string: the part of the URL after the `?`.
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.content.add_header(name, value);
        self
    }

    /// Sets the body to bytes or a string.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.content.body = body.into();
        self
    }

    /// Sets the delay after the event, or after the delivery that `Host::on_reply` was called for.
    pub fn after(mut self, after: Duration) -> Self {
        self.after = after;
        self
    }
}

impl Default for Deliver {
    fn default() -> Self {
        Self::new()
    }
}
