//! What the webhook received while a run waited, for people who ask why it got nothing.

use std::collections::HashMap;

use super::near::{difference, fold};
use super::{Disposition, Received, Scope, State, TallyCount, Waiter};

/// How many examples there are of each result.
const EXAMPLES: usize = 3;

/// A moment in what the webhook receives.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mark {
    count: TallyCount,
    /// The number of the request that comes next.
    next: u64,
    /// Deliveries that were not kept until then.
    pub(super) displaced: u64,
}

/// What came since a mark.
#[derive(Debug, Default)]
pub struct Meanwhile {
    /// All requests, by what became of them.
    pub count: TallyCount,
    /// Some requests within the run's scope, the newest first.
    pub examples: Vec<Received>,
    /// The key of a delivery that is almost one of the run's, that key, and how they differ.
    pub near: Option<(String, String, &'static str)>,
}

impl Meanwhile {
    /// The examples of a result.
    pub fn examples(&self, disposition: Disposition) -> impl Iterator<Item = &Received> {
        self.examples.iter().filter(move |request| became(request) == disposition)
    }
}

impl Waiter {
    /// This moment.
    pub(super) fn mark(&self) -> Mark {
        let mut state = self.lock();
        self.expire(&mut state, tokio::time::Instant::now());
        Mark { count: self.tally.count(), next: state.recent.next_number(), displaced: state.displaced }
    }

    /// What came since then. Examples and near misses are those that a run with this scope and these keys may see.
    pub fn since(&self, mark: Mark, scope: &Scope, keys: &[String]) -> Meanwhile {
        let mut state = self.lock();
        self.expire(&mut state, tokio::time::Instant::now());
        let count = self.tally.count().since(&mark.count);
        let folded: HashMap<String, &String> =
            keys.iter().filter_map(|key| Some((fold(key)?, key))).collect();
        let (mut examples, mut near) = (Vec::new(), None);
        let mut counted = [0; Disposition::ALL.len()];
        for request in newest_since(&state, mark).filter(|request| scope.has(request.component.as_deref())) {
            let same = &mut counted[became(request) as usize];
            if *same < EXAMPLES {
                *same += 1;
                examples.push(request.clone());
            }
            if near.is_none()
                && let Some(key) = &request.key
                && let Some(expected) = fold(key).and_then(|key| folded.get(&key))
                && *expected != key
            {
                near = Some((key.clone(), (*expected).clone(), difference(key, expected)));
            }
        }
        Meanwhile { count, examples, near }
    }
}

fn newest_since(state: &State, mark: Mark) -> impl Iterator<Item = &Received> {
    state.recent.newest().take_while(move |request| request.number >= mark.next)
}

/// The result that a request is counted as while a run waits.
fn became(request: &Received) -> Disposition {
    match request.disposition {
        // It is counted as held when it comes.
        Disposition::Unmatched => Disposition::Held,
        disposition => disposition,
    }
}
