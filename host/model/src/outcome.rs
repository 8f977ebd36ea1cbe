//! The outcomes of runs.

use crate::variants::variants;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The result of a run.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    strum::VariantArray,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "snake_case")]
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
    pub const ALL: [Self; 5] = variants();

    /// Returns the name that metrics use.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
