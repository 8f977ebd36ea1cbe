//! The outcomes of runs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// The test returned without reporting a failure.
    Pass,
    /// The test reported a failure.
    Fail,
    /// The run timed out.
    Timeout,
    /// The run ended with an error: a trap, an exceeded budget, or a failure of the host.
    Error,
    /// The run was cancelled: the host stopped, or the component was undeployed and its grace time ran out.
    Cancelled,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 5] = [Self::Pass, Self::Fail, Self::Timeout, Self::Error, Self::Cancelled];

    /// Returns the name that metrics use.
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
