//! The webhook's responses to deliveries.

use std::time::Duration;

use crate::bindings::orbital::test::deliveries as contract;
use crate::content::{Content, content_methods};
use crate::time::milliseconds;

/// The webhook's response to one delivery, to test how the system under test handles it.
///
/// `Reply::status(503).header("retry-after", "1")`
#[derive(Debug, Clone)]
#[must_use = "replies are planned by `Test::expect_with`"]
pub struct Reply {
    status: u16,
    delay_ms: u32,
    content: Content,
}

impl Reply {
    /// Creates a response with this HTTP status, 200 to 599.
    pub fn status(status: u16) -> Self {
        Self { status, delay_ms: 0, content: Content::default() }
    }

    /// Sets how long the webhook waits before it responds, at most one minute.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay_ms = milliseconds(delay);
        self
    }
}

content_methods!(Reply);

impl From<Reply> for contract::PlannedReply {
    fn from(reply: Reply) -> Self {
        Self {
            status: reply.status,
            delay_ms: reply.delay_ms,
            headers: reply.content.headers,
            body: reply.content.body,
        }
    }
}
