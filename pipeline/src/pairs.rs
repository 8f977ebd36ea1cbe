//! Events that overtake each other.

use std::collections::BTreeMap;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::limits;

/// Makes pairs of the events of each type, in the order in which they come. The second of a pair is delivered first.
#[derive(Default)]
pub(crate) struct Pairs(BTreeMap<String, First>);

/// An event that is to be overtaken.
#[derive(Clone)]
struct First {
    overtaken: CancellationToken,
    /// When it goes by itself, so that none is lost where no second one comes.
    until: Instant,
}

/// When an event may be delivered. It is dropped when the event has been.
pub(crate) enum Turn {
    /// At once.
    Now,
    /// When another has been.
    AfterAnother(Overtaken),
    /// At once, and another waits for that.
    BeforeAnother { _overtaking: DropGuard },
}
