//! What the webhook received while a run waited, for people who ask why it got nothing.

use std::collections::HashMap;

use crate::waiter::near::{difference, fold};
use crate::waiter::{Disposition, Received, Scope, State, TallyCount, Waiter};

/// How many examples there are of each result.
const EXAMPLES: usize = 3;

/// How many of the newest requests, and how many keys, are compared to find a key elsewhere.
const SEARCHED: (usize, usize) = (50, 8);

/// The shortest key that is looked for elsewhere. A shorter one occurs by accident.
const SHORTEST: usize = 6;

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
    /// A key of the run where the configuration does not look.
    pub elsewhere: Option<Elsewhere>,
    /// How many requests are being received now, with method and path of one.
    pub receiving: Option<(usize, String)>,
}

/// That a request has a key of a run, but not where the configuration looks, or behind another key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The key of the run.
    pub key: String,
    /// Where it is in the request.
    pub location: String,
    /// The key that the configuration finds instead.
    pub found: Option<String>,
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

/// Finds one of these keys in a request that no run got, as far as it is listed.
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

/// The result that a request is counted as while a run waits.
fn became(request: &Received) -> Disposition {
    match request.disposition {
        // It is counted as held when it comes.
        Disposition::Unmatched => Disposition::Held,
        disposition => disposition,
    }
}
