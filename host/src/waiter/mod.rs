//! Where a delivery finds the run that waits for it.
//!
//! A run holds [`Claims`]; each key has one owner. The webhook calls [`Waiter::deliver`] and never waits.
//! What comes for a key that nobody expects is kept for a while (the system may have made the key, and be
//! faster than the test); what comes for a key whose run is over is late.
//!
//! Everything here is bounded: keys, deliveries and bytes per run, early deliveries and late keys over all.

mod claims;
mod delivery;
mod early;
mod key;
mod late;
mod received;
mod rejection;
mod reply;
mod scope;
mod settings;
mod tally;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

pub use claims::{Arrived, Claims, ExpectError, Overflow};
pub use delivery::Delivery;
pub use key::{InvalidKey, check_key, new_key};
pub use received::Received;
pub use rejection::Rejection;
pub use reply::PlannedReply;
pub use scope::Scope;
pub use settings::WaiterSettings;
pub use tally::{Disposition, Tally, TallyCount};

use crate::secrets::Masker;
use claims::Mailbox;
use early::Early;
use late::Late;
use received::{Fate, Recent};
use scope::scoped;

/// Expectations and deliveries of one host.
pub struct Waiter {
    /// Nobody who looks at a delivery sees a secret in it.
    masker: Masker,
    state: Mutex<State>,
    settings: WaiterSettings,
    tally: Tally,
    rejections: [AtomicU64; Rejection::ALL.len()],
}

struct State {
    /// By scoped key.
    owners: HashMap<Arc<str>, Arc<Mailbox>>,
    early: Early,
    late: Late,
    recent: Recent,
}

impl Waiter {
    /// A waiter that nobody waits at yet. What the masker knows is hidden in all that comes.
    pub fn new(settings: WaiterSettings, masker: Masker) -> Arc<Self> {
        let state = State {
            owners: HashMap::new(),
            early: Early::new(settings.early_for, settings.early_count, settings.early_bytes),
            late: Late::new(settings.late_for, settings.late_count),
            recent: Recent::new(settings.recent_count, settings.recent_bytes),
        };
        Arc::new(Self {
            masker,
            state: Mutex::new(state),
            settings,
            tally: Tally::default(),
            rejections: Default::default(),
        })
    }

    /// The claims of one run: none at first, all released when it is dropped. It gets what is delivered within
    /// this scope.
    pub fn claims(self: &Arc<Self>, run: Uuid, scope: Scope) -> Claims {
        Claims::new(self.clone(), run, scope)
    }

    /// Hands a delivery to the run that expects its key, or keeps it for a while. Gives the answer that the
    /// run planned for it, if it did. If it is for a component, no other one's runs get it.
    pub fn deliver(
        &self,
        component: Option<&str>,
        key: &str,
        mut delivery: Delivery,
    ) -> (Disposition, Option<PlannedReply>) {
        // The key too: a test knows only what it was shown, and waits for that.
        let key = &*self.masker.text(key);
        delivery.hide(&self.masker);
        let received = Received::whole(&delivery, Some(key));
        let now = Instant::now();
        let mut state = self.lock();
        self.expire(&mut state, now);
        let (fate, reply) = self.place(&mut state, (key, &scoped(component, key)), delivery, now);
        let Fate { disposition, run, late_by } = fate;
        state.recent.keep(Received { disposition, run, late_by, ..received });
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
        let fate = |disposition| Fate { disposition, run: None, late_by: None };
        if let Some(mailbox) = state.owners.get(scoped) {
            // Pushed under the lock of the map, so that a run that ends now either has this delivery
            // among its leftovers or leaves the key to be late.
            let reply = mailbox.next_reply(key);
            delivery.answered = reply.as_ref().map(|reply| (reply.status, reply.delay));
            let queued = mailbox.push(key, delivery, &self.settings);
            let disposition = if queued { Disposition::Matched } else { Disposition::Overflow };
            return (Fate { run: Some(mailbox.run), ..fate(disposition) }, reply);
        }
        if let Some((run, released)) = state.late.find(scoped) {
            let late_by = Some(now.saturating_duration_since(released));
            return (Fate { run: Some(run), late_by, ..fate(Disposition::Late) }, None);
        }
        if !delivery.fits(self.settings.early_bytes) {
            return (fate(Disposition::Overflow), None);
        }
        delivery.compact();
        let number = state.recent.next_number();
        for evicted in state.early.keep(scoped.into(), delivery, number, now) {
            self.tally.add(Disposition::Overflow, 1);
            state.recent.settle(evicted, Disposition::Overflow, None);
        }
        (fate(Disposition::Held), None)
    }

    /// Counts a request that had no key where the configuration looks.
    pub fn without_key(&self, mut delivery: Delivery) {
        delivery.hide(&self.masker);
        let received = Received::whole(&delivery, None);
        self.lock().recent.keep(received);
        self.tally.add(Disposition::NoKey, 1);
    }

    /// Counts a request that was refused before anybody looked for a key.
    pub fn rejected(&self, request: Received, rejection: Rejection) {
        let request = request.hidden(&self.masker);
        self.lock().recent.keep(request);
        self.tally.add(Disposition::Rejected, 1);
        self.rejections[rejection as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were refused for this reason.
    pub fn rejections(&self, rejection: Rejection) -> u64 {
        self.rejections[rejection as usize].load(Ordering::Relaxed)
    }

    /// The newest requests that `wanted` wants, newest first.
    pub fn received(&self, most: usize, wanted: impl Fn(&Received) -> bool) -> Vec<Received> {
        let mut state = self.lock();
        self.expire(&mut state, Instant::now());
        state.recent.newest().filter(|request| wanted(request)).take(most).cloned().collect()
    }

    /// Has news when the webhook received a request, or another thing became of one.
    pub fn arrivals(&self) -> watch::Receiver<()> {
        self.lock().recent.changes()
    }

    /// What the webhook has received, by what became of it. Deliveries whose time has run out are settled
    /// first.
    pub fn count(&self) -> TallyCount {
        self.expire(&mut self.lock(), Instant::now());
        self.tally.count()
    }

    /// How many keys are expected now.
    pub fn expectations(&self) -> usize {
        self.lock().owners.len()
    }

    /// Some keys of the deliveries within a scope that came since then and that nobody expects, newest first.
    pub fn strays_since(&self, since: Instant, scope: &Scope, most: usize) -> Vec<String> {
        let state = self.lock();
        let keys = state.early.keys_since(since).filter_map(|scoped| scope.key_of(scoped));
        keys.take(most).map(str::to_owned).collect()
    }

    fn expire(&self, state: &mut State, now: Instant) {
        for expired in state.early.expire(now) {
            self.tally.add(Disposition::Unmatched, 1);
            state.recent.settle(expired, Disposition::Unmatched, None);
        }
        state.late.expire(now);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under this lock leaves the state half changed if it panics.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
