//! Replies of the webhook that tests planned.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// One reply.
#[derive(Debug, Clone)]
pub struct PlannedReply {
    /// The status.
    pub status: StatusCode,
    /// How long to wait before replying.
    pub delay: Duration,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}
