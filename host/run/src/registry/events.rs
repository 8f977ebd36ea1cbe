//! Events of the directory of components, which say when to scan it and which files are complete.

use std::collections::HashMap;
use std::ffi::OsString;
use std::future::pending;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orbital_files::watch::{DirectoryIdentity, Hint, Subscription, WatchError};
use tokio::sync::mpsc;

use crate::registry::directory::{is_component, is_signature};

/// The capacity of the event queue. When it is full, events are dropped, because the whole directory is scanned anyway.
const EVENTS: usize = 1024;

/// The events of the directory. Without a subscription, there are none, and the directory is only polled.
pub(super) struct DirectoryEvents {
    directory: PathBuf,
    /// The interval at which the directory is polled.
    poll: Duration,
    subscribed: Option<Subscribed>,
    /// Whether the absence of events was reported.
    told_no_events: bool,
}

struct Subscribed {
    subscription: Subscription,
    events: mpsc::Receiver<(OsString, Hint)>,
}

impl DirectoryEvents {
    /// Creates an instance without a subscription.
    pub(super) const fn new(directory: PathBuf, poll: Duration) -> Self {
        Self { directory, poll, subscribed: None, told_no_events: false }
    }

    /// Subscribes to the events of the directory, unless they arrive already. Returns whether the subscription is new.
    pub(super) fn subscribe(&mut self) -> bool {
        let Ok(identity) = DirectoryIdentity::of(&self.directory) else { return false };
        let covers = |subscribed: &Subscribed| subscribed.subscription.covers(&self.directory, identity);
        if self.subscribed.as_ref().is_some_and(covers) {
            return false;
        }
        match Subscribed::to(&self.directory, identity) {
            Ok(subscribed) => {
                self.subscribed = Some(subscribed);
                self.told_no_events = false;
                true
            }
            // The subscription is tried again each time, but its failure is reported once.
            Err(error) => {
                self.subscribed = None;
                if !std::mem::replace(&mut self.told_no_events, true) {
                    let poll = self.poll;
                    tracing::warn!(%error, ?poll, "no events from the file system; the directory is polled");
                }
                false
            }
        }
    }

    /// Ends the subscription.
    pub(super) fn unsubscribe(&mut self) {
        self.subscribed = None;
    }

    /// Waits for events. Those that are already in the queue are one change, with the last hint about each file.
    pub(super) async fn next(&mut self) -> HashMap<OsString, Hint> {
        let Some(subscribed) = &mut self.subscribed else { return pending().await };
        let mut events = Vec::new();
        subscribed.events.recv_many(&mut events, EVENTS).await;
        events.into_iter().collect()
    }
}

impl Subscribed {
    /// Uses a queue of its own, so that no event of another directory with the same name is in it.
    fn to(directory: &Path, identity: DirectoryIdentity) -> Result<Self, WatchError> {
        let (sender, events) = mpsc::channel(EVENTS);
        let mut subscription = Subscription::new(move |event| {
            let Some(hint) = event.hint else { return };
            for path in event.paths {
                if let Some(name) = path.file_name().filter(|name| is_component(name) || is_signature(name)) {
                    // If the queue is full, nothing is lost: the whole directory is scanned in any case.
                    let _ = sender.try_send((name.to_owned(), hint));
                }
            }
        })?;
        subscription.add(directory, identity)?;
        Ok(Self { subscription, events })
    }
}
