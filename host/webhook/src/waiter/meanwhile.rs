//! The requests that the webhook received while a run waited, to explain why the run received nothing.

use std::collections::HashMap;

use crate::waiter::near::{difference, fold};
use crate::waiter::{Disposition, Received, Scope, State, TallyCount, Waiter};

/// The maximum number of examples of each result.
const EXAMPLES: usize = 3;

/// The number of newest requests, and the number of keys, that are compared to find a key in another location.
const SEARCHED: (usize, usize) = (50, 8);

/// The minimum length of a key that is looked for in other locations. Shorter keys occur by accident.
const SHORTEST: usize = 6;

/// A point in the sequence of received requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mark {
    count: TallyCount,
    /// The number of the next request.
    next: u64,
    /// The number of deliveries that were not kept, up to this point.
    pub(super) displaced: u64,
}

/// The requests that were received since a mark.
#[derive(Debug, Default)]
pub struct Meanwhile {
    /// All requests, by their result.
    pub count: TallyCount,
    /// Some requests within the run's scope, the newest first.
    pub examples: Vec<Received>,
    /// The key of a delivery that is almost a key of the run, the run's key, and how they differ.
    pub near: Option<(String, String, &'static str)>,
    /// A key of the run in a location that the configuration does not name.
    pub elsewhere: Option<Elsewhere>,
    /// The number of requests that are being received now, with the method and path of one.
    pub receiving: Option<(usize, String)>,
}

/// A request that has a key of a run, but in a location that the configuration does not name, or after another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The key of the run.
    pub key: String,
    /// The location of the key in the request.
    pub location: String,
    /// The key that the configuration finds instead.
    pub found: Option<String>,
}

impl Meanwhile {
    /// Returns the examples of a result.
    pub fn examples(&self, disposition: Disposition) -> impl Iterator<Item = &Received> {
        self.examples.iter().filter(move |request| became(request) == disposition)
    }
}

impl Waiter {
    /// Returns a mark for the current moment.
    pub(super) fn mark(&self) -> Mark {
        let mut state = self.lock();
        self.expire(&mut state, tokio::time::Instant::now());
        Mark { count: self.tally.count(), next: state.recent.next_number(), displaced: state.displaced }
    }

    /// Returns the requests that were received since a mark. Examples and near misses are limited to those that a run
    /// with this scope and these keys may see.
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
        let elsewhere = newest_since(&state, mark)
            .filter(|request| scope.has(request.component.as_deref()))
            .take(SEARCHED.0)
            .find_map(|request| elsewhere(request, keys));
        drop(state);
        let receiving = self.receiving.within(scope);
        let receiving = receiving.map(|(count, line)| (count, self.masker.text(&line).into_owned()));
        Meanwhile { count, examples, near, elsewhere, receiving }
    }
}

fn newest_since(state: &State, mark: Mark) -> impl Iterator<Item = &Received> {
    state.recent.newest().take_while(move |request| request.number >= mark.next)
}

/// Finds one of these keys in a request that no run received, as far as the request is recorded.
fn elsewhere(request: &Received, keys: &[String]) -> Option<Elsewhere> {
    if request.run.is_some() || request.disposition == Disposition::Rejected {
        return None;
    }
    let keys = keys.iter().take(SEARCHED.1).filter(|key| key.len() >= SHORTEST);
    let mut keys = keys.filter(|key| request.key.as_ref() != Some(key));
    keys.find_map(|key| {
        let location = request.location_of(key)?;
        Some(Elsewhere { key: key.clone(), location, found: request.key.clone() })
    })
}

/// Returns the result that a request is counted as while a run waits.
fn became(request: &Received) -> Disposition {
    match request.disposition {
        // An unmatched delivery was counted as held when it arrived.
        Disposition::Unmatched => Disposition::Held,
        disposition => disposition,
    }
}
