//! Matches deliveries with the runs that wait for them.
//!
//! A run holds [`Claims`]; each key has one owner. The webhook calls [`Waiter::deliver`] and never waits. A delivery
//! whose key no run expects is kept for a while: the system may have made the key, and be faster than the test. A late
//! delivery, whose key was expected by a run that has ended, is kept too: the next run may expect the same key.
//!
//! Everything here is bounded: keys, deliveries and bytes per run; early deliveries and late keys in total.

mod claims;
mod delivery;
mod early;
mod key;
mod late;
mod lost;
mod meanwhile;
mod near;
mod received;
mod receiving;
mod rejection;
mod reply;
mod scope;
mod settings;
mod tally;
mod text;
mod weight;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

pub use claims::{Arrived, Claims, ExpectError, Overflow, Released};
pub use delivery::Delivery;
pub use key::{InvalidKey, check_key, new_key};
pub use lost::Lost;
pub use meanwhile::{Elsewhere, Mark, Meanwhile};
pub use near::NearMiss;
pub use received::{Lateness, Received, SkippedLocation};
pub use receiving::BeingReceived;
pub use rejection::Rejection;
pub use reply::PlannedReply;
pub use scope::Scope;
pub use settings::WaiterSettings;
pub use tally::{Disposition, Tally, TallyCount};
pub use text::RequestText;

use claims::Mailbox;
use early::{Early, Kept};
use late::Late;
use near::{difference, fold};
use orbital_config::secrets::Masker;
use received::{Fate, Recent};
use receiving::Receiving;
use scope::{scoped, unscoped};

/// The expectations and deliveries of one host.
pub struct Waiter {
    /// Masks secrets in all deliveries.
    masker: Masker,
    state: Mutex<State>,
    settings: WaiterSettings,
    tally: Tally,
    rejections: [AtomicU64; Rejection::ALL.len()],
    receiving: Receiving,
}

struct State {
    /// The mailboxes of the runs that expect keys, by scoped key.
    owners: HashMap<Arc<str>, Arc<Mailbox>>,
    early: Early,
    late: Late,
    recent: Recent,
    /// Deliveries without a run that were not kept, or were dropped too early.
    displaced: u64,
}

impl Waiter {
    /// Creates a waiter without expectations. Secrets that the masker knows are masked in everything that is received.
    pub fn new(settings: WaiterSettings, masker: Masker) -> Arc<Self> {
        let state = State {
            owners: HashMap::new(),
            early: Early::new(settings.early_for, settings.early_count, settings.early_bytes),
            late: Late::new(settings.late_for, settings.late_count),
            recent: Recent::new(settings.recent_count, settings.recent_bytes),
            displaced: 0,
        };
        Arc::new(Self {
            masker,
            state: Mutex::new(state),
            settings,
            tally: Tally::default(),
            rejections: Default::default(),
            receiving: Receiving::default(),
        })
    }

    /// Creates the claims of one run: none at first, and all are released when it is dropped. The run receives
    /// deliveries within this scope.
    pub fn claims(self: &Arc<Self>, run: Uuid, scope: Scope) -> Claims {
        Claims::new(self.clone(), run, scope)
    }

    /// Passes a delivery to the run that expects its key, or keeps it for a while. Returns the reply that the run
    /// planned for it, if any. A delivery for a component is never passed to the runs of another component.
    pub fn deliver(
        &self,
        component: Option<&str>,
        key: &str,
        mut delivery: Delivery,
        skipped: Vec<SkippedLocation>,
    ) -> (Disposition, Option<PlannedReply>) {
        // The key is masked too: a test knows only the masked key, and waits for that.
        let key = &*self.masker.text(key);
        delivery.hide(&self.masker);
        let received = Received::whole(&delivery, component, Some(key), skipped);
        let now = Instant::now();
        let mut state = self.lock();
        self.expire(&mut state, now);
        let (fate, reply) = self.place(&mut state, (key, &scoped(component, key)), delivery, now);
        let Fate { disposition, run, late } = fate;
        state.recent.keep(Received { disposition, run, late, ..received });
        self.tally.add(disposition, 1);
        (disposition, reply)
    }

    fn place(
        &self,
        state: &mut State,
        (key, scoped): (&str, &str),
        mut delivery: Delivery,
        now: Instant,
    ) -> (Fate, Option<PlannedReply>) {
        delivery.compact();
        if let Some(mailbox) = state.owners.get(scoped) {
            // Pushed under the lock of the map, so that a run that ends now either has this delivery among its
            // leftovers or has already left the key as a late one.
            let reply = mailbox.next_reply(key);
            delivery.answered = reply.as_ref().map(|reply| (reply.status, reply.delay));
            let queued = mailbox.push(key, delivery, &self.settings);
            let disposition = if queued { Disposition::Matched } else { Disposition::Overflow };
            return (Fate { disposition, run: Some(mailbox.run), late: None }, reply);
        }
        let late = state.late.find(scoped);
        let late = late.map(|(run, released)| Lateness { run, by: now.saturating_duration_since(released) });
        let number = state.recent.next_number();
        let kept = Kept { delivery, number, is_late: late.is_some() };
        let evicted = state.early.keep(scoped.into(), kept, now);
        state.displaced += evicted.as_ref().map_or(1, |evicted| evicted.len() as u64);
        let disposition = match (&late, &evicted) {
            (Some(_), _) => Disposition::Late,
            (None, Some(_)) => Disposition::Held,
            (None, None) => Disposition::Overflow,
        };
        self.settle(state, evicted.unwrap_or_default(), Disposition::Overflow);
        (Fate { disposition, run: None, late }, None)
    }

    /// Counts a request without a usable key in the configured locations.
    pub fn without_key(
        &self,
        component: Option<&str>,
        mut delivery: Delivery,
        skipped: Vec<SkippedLocation>,
    ) {
        delivery.hide(&self.masker);
        let received = Received::whole(&delivery, component, None, skipped);
        self.lock().recent.keep(received);
        self.tally.add(Disposition::NoKey, 1);
    }

    /// Counts a request whose body is being received, until the returned value is dropped.
    pub fn receiving(&self, component: Option<&str>, method: &str, path: &str) -> BeingReceived<'_> {
        self.receiving.begin(component, method, path)
    }

    /// Counts a request that was rejected before a key was looked for.
    pub fn rejected(&self, request: Received, rejection: Rejection) {
        let request = request.hidden(&self.masker);
        self.lock().recent.keep(request);
        self.tally.add(Disposition::Rejected, 1);
        self.rejections[rejection as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how many requests were rejected for this reason.
    pub fn rejections(&self, rejection: Rejection) -> u64 {
        self.rejections[rejection as usize].load(Ordering::Relaxed)
    }

    /// Returns the newest requests that satisfy `wanted`, the newest first.
    pub fn received(&self, most: usize, wanted: impl Fn(&Received) -> bool) -> Vec<Received> {
        let mut state = self.lock();
        self.expire(&mut state, Instant::now());
        state.recent.newest().filter(|request| wanted(request)).take(most).cloned().collect()
    }

    /// Returns a receiver that is notified when a request arrives, or the result of one changes.
    pub fn arrivals(&self) -> watch::Receiver<()> {
        self.lock().recent.changes()
    }

    /// Returns the numbers of received requests, by their result. Kept deliveries that timed out are settled first.
    pub fn count(&self) -> TallyCount {
        self.expire(&mut self.lock(), Instant::now());
        self.tally.count()
    }

    /// Returns how many keys are expected now.
    pub fn expectations(&self) -> usize {
        self.lock().owners.len()
    }

    /// Returns keys that runs expect, or expected recently, and that differ only slightly from the keys of these
    /// requests, by the requests' numbers.
    pub fn near_misses(&self, received: &[Received]) -> HashMap<u64, NearMiss> {
        let missed = received.iter().filter(|one| one.run.is_none() && one.late.is_none());
        let missed: Vec<(&Received, &str, String)> = missed
            .filter_map(|one| one.key.as_deref().and_then(|key| Some((one, key, fold(key)?))))
            .collect();
        if missed.is_empty() {
            return HashMap::new();
        }
        // Runs may expect many keys: they are compared without the lock, so that no delivery has to wait.
        let expected: Vec<(Arc<str>, Uuid)> = {
            let state = self.lock();
            let owners = state.owners.iter().map(|(key, mailbox)| (key.clone(), mailbox.run));
            owners.chain(state.late.keys()).collect()
        };
        let folded: HashSet<&str> = missed.iter().map(|(.., folded)| &**folded).collect();
        let is_near = |(scoped, _): &&(Arc<str>, Uuid)| {
            fold(unscoped(scoped).1).is_some_and(|key| folded.contains(&*key))
        };
        let near: Vec<&(Arc<str>, Uuid)> = expected.iter().filter(is_near).collect();
        let of = |(request, key, folded): &(&Received, &str, String)| {
            let (expected, run) = near.iter().find_map(|(scoped, run)| {
                let (component, expected) = unscoped(scoped);
                let is_near = expected != *key && fold(expected).as_ref() == Some(folded);
                (is_near && component == request.component.as_deref()).then_some((expected, *run))
            })?;
            let differs = difference(key, expected);
            Some((request.number, NearMiss { key: expected.into(), run, differs }))
        };
        missed.iter().filter_map(of).collect()
    }

    fn expire(&self, state: &mut State, now: Instant) {
        let expired = state.early.expire(now);
        self.settle(state, expired, Disposition::Unmatched);
        state.late.expire(now);
    }

    /// Records the result of deliveries that are no longer kept. Late ones stay late.
    fn settle(&self, state: &mut State, dropped: Vec<Kept>, disposition: Disposition) {
        for kept in dropped.into_iter().filter(|kept| !kept.is_late) {
            self.tally.add(disposition, 1);
            state.recent.settle(kept.number, disposition, None);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under this lock leaves the state in an inconsistent state if it panics.
        self.state.lock()
    }
}

#[cfg(test)]
mod tests;
