//! The reasons why runs are started or skipped.

use crate::variants::variants;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The reason why a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// The case was due by its schedule.
    Schedule,
    /// The case is new or changed.
    Deploy,
    /// A user requested the run.
    Request,
}

/// The reason why a run that was due did not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum SkipReason {
    /// The case's limit of runs in flight was reached.
    Overlap,
    /// The host's limit of runs in flight was reached.
    Capacity,
    /// The component's limit of runs in flight was reached.
    ComponentCapacity,
    /// The host did not run at that time: it was suspended or starved.
    Missed,
    /// The case is paused.
    Paused,
}

impl SkipReason {
    /// All reasons.
    pub const ALL: [Self; 5] = variants();

    /// Returns the name that metrics and logs use.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
