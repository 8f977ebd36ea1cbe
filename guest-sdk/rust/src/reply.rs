//! What the webhook is to answer.

use std::time::Duration;

use crate::bindings::orbital::test::deliveries as contract;
use crate::content::{Content, content_methods};
use crate::time::milliseconds;

/// What the webhook answers to one delivery, to see how the system under test takes it.
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
    /// An answer with this status, 200 to 599.
    pub fn status(status: u16) -> Self {
        Self { status, delay_ms: 0, content: Content::default() }
    }

    /// Waits before answering, for at most a minute.
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
