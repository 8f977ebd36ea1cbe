//! What the webhook answers, when a test planned it.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

/// One answer.
#[derive(Debug, Clone)]
pub struct PlannedReply {
    /// The status.
    pub status: StatusCode,
    /// How long to wait before answering.
    pub delay: Duration,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}
