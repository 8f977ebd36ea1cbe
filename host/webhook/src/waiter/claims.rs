//! The keys that one run expects, and the deliveries for them.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use crate::waiter::{
    Delivery, Disposition, InvalidKey, Lost, Mark, PlannedReply, Scope, Waiter, WaiterSettings, check_key,
};

/// Why a key cannot be expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpectError {
    /// Another run expects the key.
    #[error("another run expects this key")]
    Taken,
    /// The text is not a valid key.
    #[error(transparent)]
    Invalid(#[from] InvalidKey),
}

/// The number of deliveries that were dropped because the queue of their key was full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow(pub u32);

/// A delivery, with the key that linked it to the run.
#[derive(Debug, Clone)]
pub struct Arrived {
    /// The key.
    pub key: Arc<str>,
    /// The request.
    pub delivery: Delivery,
    /// The time from sending the event to receiving the delivery; see [`Claims::sent`].
    pub latency: Option<Duration>,
}

/// The keys that one run expects. Dropping this releases all keys.
pub struct Claims {
    waiter: Arc<Waiter>,
    scope: Scope,
    mailbox: Arc<Mailbox>,
    began: Mark,
}

/// The deliveries for one run that it has not taken yet.
pub(super) struct Mailbox {
    pub(super) run: Uuid,
    content: Mutex<Content>,
    /// A run is a single thread of execution, so at most one caller waits here.
    arrived: Notify,
}

#[derive(Default)]
struct Content {
    keys: HashMap<Arc<str>, KeyState>,
    queue: VecDeque<(Arc<str>, Delivery)>,
    bytes: usize,
    /// Sending times of events without a key. Only a single one can be identified as the cause.
    keyless: Keyless,
}

#[derive(Default)]
struct KeyState {
    sent: Option<Instant>,
    queued: usize,
    /// Deliveries that were dropped since this was last reported to the run.
    dropped: u32,
    /// Deliveries that were dropped since the run began.
    lost: Lost,
    replies: VecDeque<PlannedReply>,
}

/// The remaining deliveries of a run that releases its keys.
#[derive(Default)]
pub struct Released {
    /// Deliveries that the run did not take.
    pub left: Vec<Arrived>,
    /// Deliveries that the run could not receive, by key.
    pub lost: HashMap<Arc<str>, Lost>,
}

#[derive(Default, Clone, Copy)]
enum Keyless {
    #[default]
    None,
    One(Instant),
    Several,
}

impl Claims {
    pub(super) fn new(waiter: Arc<Waiter>, run: Uuid, scope: Scope) -> Self {
        let mailbox = Mailbox { run, content: Mutex::default(), arrived: Notify::new() };
        let began = waiter.mark();
        Self { waiter, scope, mailbox: Arc::new(mailbox), began }
    }

    /// Returns the mark of the webhook at the time when these claims were made.
    pub fn began(&self) -> Mark {
        self.began
    }

    /// Returns how many keys this run expects.
    pub fn len(&self) -> usize {
        self.mailbox.lock().keys.len()
    }

    /// Returns whether this run expects no keys.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether this run expects this key.
    pub fn has(&self, key: &str) -> bool {
        self.mailbox.lock().keys.contains_key(key)
    }

    /// Claims a key until this is dropped. Claiming it again is not an error. Early deliveries are then in the queue.
    ///
    /// # Errors
    /// If another run expects the key, or it is not a valid key.
    pub fn expect(&self, key: &str) -> Result<(), ExpectError> {
        check_key(key)?;
        let scoped = self.scope.scoped(key);
        let mut state = self.waiter.lock();
        if let Some(owner) = state.owners.get(&*scoped) {
            return if Arc::ptr_eq(owner, &self.mailbox) { Ok(()) } else { Err(ExpectError::Taken) };
        }
        self.waiter.expire(&mut state, Instant::now());
        state.late.forget(&scoped);
        let early = state.early.claim(&scoped);
        state.owners.insert(scoped.into(), self.mailbox.clone());
        // A dropped delivery may have been for this key.
        let displaced = state.displaced - self.began.displaced;
        let lost = Lost { displaced, ..Lost::default() };
        self.mailbox.lock().keys.insert(key.into(), KeyState { lost, ..KeyState::default() });
        for kept in early {
            let disposition = match self.mailbox.push(key, kept.delivery, &self.waiter.settings) {
                true => Disposition::Early,
                false => Disposition::Overflow,
            };
            self.waiter.tally.add(disposition, 1);
            state.recent.settle(kept.number, disposition, Some(self.mailbox.run));
        }
        Ok(())
    }

    /// Plans the replies to the next deliveries of a key that this run expects. Replaces earlier plans.
    pub fn plan(&self, key: &str, replies: Vec<PlannedReply>) {
        if let Some(state) = self.mailbox.lock().keys.get_mut(key) {
            state.replies = replies.into();
        }
    }

    /// Records that an event is being sent now, with the key of the delivery if the test knows it. The latency of a
    /// delivery is measured from the event with its key; for a key that the system made, from the run's only event
    /// without one. If there are several of those, none can be identified as the cause.
    pub fn sent(&self, key: Option<&str>, at: Instant) {
        let mut content = self.mailbox.lock();
        match key {
            Some(key) => {
                if let Some(state) = content.keys.get_mut(key) {
                    // The first time counts: an event that is sent again is a duplicate.
                    state.sent.get_or_insert(at);
                }
            }
            None => {
                content.keyless = match content.keyless {
                    Keyless::None => Keyless::One(at),
                    Keyless::One(_) | Keyless::Several => Keyless::Several,
                }
            }
        }
    }

    /// Waits for the next `n` deliveries of any of these keys (each named once), in the order of their arrival. If this
    /// is cancelled (by dropping the future), the deliveries stay in the queue.
    ///
    /// # Errors
    /// If deliveries of these keys were dropped, and fewer than `n` are left. Reported once.
    pub async fn next(&self, keys: &[String], n: usize) -> Result<Vec<Arrived>, Overflow> {
        loop {
            if let Some(result) = self.mailbox.lock().take(keys, n) {
                return result;
            }
            // A delivery that arrives at this point leaves a permit, so this does not miss it.
            self.mailbox.arrived.notified().await;
        }
    }

    /// Returns the next `n` deliveries if they have arrived already; see [`Claims::next`].
    pub fn take(&self, keys: &[String], n: usize) -> Option<Result<Vec<Arrived>, Overflow>> {
        self.mailbox.lock().take(keys, n)
    }

    /// Releases all keys, and returns the deliveries that were not taken.
    pub fn release(self) -> Released {
        self.release_keys();
        let mut content = self.mailbox.lock();
        let queue = std::mem::take(&mut content.queue);
        let left = queue.into_iter().map(|(key, delivery)| content.arrived(key, delivery)).collect();
        let lost = content.keys.iter().filter(|(_, state)| state.lost != Lost::default());
        Released { left, lost: lost.map(|(key, state)| (key.clone(), state.lost)).collect() }
    }

    pub(super) fn release_keys(&self) {
        let now = Instant::now();
        let mut state = self.waiter.lock();
        for key in self.mailbox.lock().keys.keys() {
            // If the key was released before, another run may expect it by now.
            let scoped = self.scope.scoped(key);
            let ours = state.owners.get(&*scoped).is_some_and(|owner| Arc::ptr_eq(owner, &self.mailbox));
            if ours && let Some((scoped, _)) = state.owners.remove_entry(&*scoped) {
                state.late.remember(scoped, self.mailbox.run, now);
            }
        }
    }
}

impl Drop for Claims {
    fn drop(&mut self) {
        self.release_keys();
    }
}

impl Mailbox {
    /// Queues a delivery. Returns false if there is no room.
    pub(super) fn push(&self, key: &str, delivery: Delivery, settings: &WaiterSettings) -> bool {
        let mut content = self.lock();
        let has_bytes = content.bytes + delivery.weight() <= settings.queue_bytes;
        let Some((key, _)) = content.keys.get_key_value(key) else { return false };
        let key = key.clone();
        let Some(state) = content.keys.get_mut(&key) else { return false };
        let room = has_bytes && state.queued < settings.queue_per_key;
        if room {
            state.queued += 1;
            content.bytes += delivery.weight();
            content.queue.push_back((key, delivery));
        } else {
            state.dropped = state.dropped.saturating_add(1);
            let lost = if has_bytes { &mut state.lost.queue_per_key } else { &mut state.lost.queue_bytes };
            *lost += 1;
        }
        drop(content);
        self.arrived.notify_one();
        room
    }

    /// Returns the planned reply to the next delivery of a key.
    pub(super) fn next_reply(&self, key: &str) -> Option<PlannedReply> {
        self.lock().keys.get_mut(key)?.replies.pop_front()
    }

    fn lock(&self) -> MutexGuard<'_, Content> {
        // No code under this lock leaves the content in an inconsistent state if it panics.
        self.content.lock()
    }
}

impl Content {
    fn take(&mut self, keys: &[String], n: usize) -> Option<Result<Vec<Arrived>, Overflow>> {
        let states = || keys.iter().filter_map(|key| self.keys.get(key.as_str()));
        let queued: usize = states().map(|state| state.queued).sum();
        if queued < n {
            let dropped = states().fold(0_u32, |sum, state| sum.saturating_add(state.dropped));
            if dropped == 0 {
                return None;
            }
            for key in keys {
                if let Some(state) = self.keys.get_mut(key.as_str()) {
                    state.dropped = 0;
                }
            }
            return Some(Err(Overflow(dropped)));
        }
        let wanted: HashSet<&str> = keys.iter().map(String::as_str).collect();
        let mut taken = Vec::with_capacity(n);
        let mut index = 0;
        while taken.len() < n {
            if !wanted.contains(&*self.queue[index].0) {
                index += 1;
                continue;
            }
            // Always present: `queued` counts exactly the entries of these keys.
            let Some((key, delivery)) = self.queue.remove(index) else { break };
            self.bytes -= delivery.weight();
            if let Some(state) = self.keys.get_mut(&key) {
                state.queued -= 1;
            }
            taken.push(self.arrived(key, delivery));
        }
        Some(Ok(taken))
    }

    fn arrived(&self, key: Arc<str>, delivery: Delivery) -> Arrived {
        let sent = self.keys.get(&key).and_then(|state| state.sent).or(match self.keyless {
            Keyless::One(at) => Some(at),
            Keyless::None | Keyless::Several => None,
        });
        let latency = sent.and_then(|sent| delivery.received.checked_duration_since(sent));
        Arrived { key, delivery, latency }
    }
}
