//! Events that overtake each other.

use std::collections::BTreeMap;

use tokio::time::{Instant, timeout_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::limits;

/// Makes pairs of the events of each type, in the order in which they come. The second of a pair is delivered first.
#[derive(Default)]
pub(crate) struct Pairs {
    /// The firsts that wait for a second, by type. One that has waited long enough is gone in truth.
    waiting: BTreeMap<String, First>,
}

impl Pairs {
    /// The turn of the next event of a type.
    pub(crate) fn join(&mut self, kind: &str) -> Turn {
        match self.waiting.remove(kind) {
            Some(first) if Instant::now() < first.until => {
                Turn::Second { _overtaking: first.overtaken.drop_guard() }
            }
            _ => {
                let until = Instant::now() + limits::REORDER_HOLD;
                let first = First { overtaken: CancellationToken::new(), until };
                self.waiting.insert(kind.to_owned(), first.clone());
                Turn::First(first)
            }
        }
    }
}

/// An event that is to be overtaken.
#[derive(Clone)]
pub(crate) struct First {
    overtaken: CancellationToken,
    /// When it goes by itself, so that it is not lost where no second one comes.
    until: Instant,
}

/// An event's place in a pair; to be dropped when the event has been delivered.
pub(crate) enum Turn {
    First(First),
    Second { _overtaking: DropGuard },
}

impl Turn {
    /// Waits until the event may be delivered.
    pub(crate) async fn come(&self) {
        if let Self::First(First { overtaken, until }) = self {
            // Whether it was overtaken or waited in vain, it goes now.
            let _ = timeout_at(*until, overtaken.cancelled()).await;
        }
    }
}
