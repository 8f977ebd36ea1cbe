//! Requested runs that do not start.

use orbital_model::CaseId;

/// The reason why a requested run does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The case is not deployed.
    #[error("there is no case `{0}`")]
    NoSuchCase(CaseId),
    /// The maximum number of runs of the case is in flight.
    #[error("as many runs of `{case}` are in flight as it allows ({most}); wait until one has ended")]
    Overlap {
        /// The id of the case.
        case: String,
        /// The maximum number of runs of the case.
        most: usize,
    },
    /// The maximum number of runs of the host is in flight.
    #[error(
        "as many runs are in flight as `scheduler.max_in_flight` allows ({0}); wait until some have ended"
    )]
    Capacity(usize),
    /// The maximum number of runs of the component is in flight.
    #[error(
        "as many runs of `{component}` are in flight as it may have ({most}, by `scheduler.component_max_in_flight` or \
         `max_in_flight` of `[components.\"{component}\"]`); wait until some have ended"
    )]
    ComponentCapacity {
        /// The name of the component.
        component: String,
        /// The maximum number of runs of the component.
        most: usize,
    },
}
