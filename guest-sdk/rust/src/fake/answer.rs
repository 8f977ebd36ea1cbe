//! What the system under test does.

use std::time::Duration;

use serde::Serialize;

use crate::SendError;
use crate::content::{Content, content_methods};

/// What a target answers, and delivers then.
#[derive(Debug, Clone)]
#[must_use = "an answer is what `Host::on_event` asks for"]
pub struct Answer {
    pub(super) status: u16,
    pub(super) took: Duration,
    pub(super) error: Option<SendError>,
    pub(super) deliveries: Vec<Deliver>,
    pub(super) content: Content,
}

impl Answer {
    /// An answer with this status, at once.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            took: Duration::ZERO,
            error: None,
            deliveries: Vec::new(),
            content: Content::default(),
        }
    }

    /// No answer, for this reason.
    pub fn none(error: SendError) -> Self {
        Self { error: Some(error), ..Self::status(0) }
    }

    /// Takes so long to come.
    pub fn after(mut self, took: Duration) -> Self {
        self.took = took;
        self
    }

    /// Something is delivered, too.
    pub fn deliver(mut self, delivery: Deliver) -> Self {
        self.deliveries.push(delivery);
        self
    }
}

content_methods!(Answer);

/// A request to the webhook.
#[derive(Debug, Clone)]
#[must_use = "what is delivered is part of an `Answer`"]
pub struct Deliver {
    pub(super) key: Option<String>,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) after: Duration,
    pub(super) content: Content,
}

impl Deliver {
    /// One without a body, with the event's key.
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

    /// One whose body is this value as JSON.
    ///
    /// # Panics
    ///
    /// If the value cannot be JSON.
    #[track_caller]
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Self {
        let mut delivery = Self::new();
        delivery.content.set_json(value);
        delivery
    }

    /// Another key than the event's.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Another method than `POST`.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// Another path than `/`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// What comes after the `?`.
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = query.into();
        self
    }

    /// Adds a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.content.add_header(name, value);
        self
    }

    /// Sets the body to bytes or text.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.content.body = body.into();
        self
    }

    /// Comes so long after the event, or after the delivery that was replied to.
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
