//! How the time of a request was spent.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::seconds;

/// The phases of a request, one after the other, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Phases {
    /// Connecting: name lookup, TCP and TLS. Missing if an open connection was reused.
    #[serde(default, with = "seconds::option", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = f64, required = false)]
    pub connect: Option<Duration>,
    /// From the connection to the head of the answer.
    #[serde(with = "seconds")]
    #[schema(value_type = f64)]
    pub wait: Duration,
    /// From the head of the answer to its last byte.
    #[serde(with = "seconds")]
    #[schema(value_type = f64)]
    pub read: Duration,
}
