//! How a run ended.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The test returned and had nothing to object.
    Pass,
    /// The test said no.
    Fail,
    /// Its time ran out.
    Timeout,
    /// It broke: a trap, a budget, the host.
    Error,
    /// The host stopped, or the component was undeployed and its grace time ran out.
    Cancelled,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Pass, Self::Fail, Self::Timeout, Self::Error, Self::Cancelled];

    /// As metrics say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Timeout => "timeout",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        }
    }
}
