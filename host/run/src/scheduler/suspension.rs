//! Reasons why a case does not run by itself at the moment.

use std::time::Duration;

use orbital_model::Case;
use uuid::Uuid;

use crate::scheduler::LiveSchedulerSettings;
use crate::scheduler::pauses::{Pauses, since_epoch};

/// A reason why a case does not run by itself at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// The setting that keeps the case from running.
    pub by: SuspendedBy,
    /// The operator's reason.
    pub reason: String,
    /// The person who paused the case, if known.
    pub author: Option<String>,
    /// The end, since the Unix epoch; `None` means until it is changed.
    pub until: Option<Duration>,
}

/// The kind of setting that keeps a case from running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuspendedBy {
    /// `paused` in an `[[override]]`.
    Override,
    /// A `[[maintenance]]` window.
    Maintenance,
    /// A pause that was requested while the host runs.
    Pause(Uuid),
}

impl Suspension {
    /// Returns the reason that applies to a case at the time `now`, which is since the Unix epoch.
    pub(super) fn of(
        case: &Case,
        settings: &LiveSchedulerSettings,
        pauses: &Pauses,
        now: Duration,
    ) -> Option<Self> {
        let paused = || {
            let pause = pauses.covers(&case.id, now)?;
            Some(Self {
                by: SuspendedBy::Pause(pause.id),
                reason: pause.reason.clone(),
                author: Some(pause.author.clone()),
                until: pause.until.map(since_epoch),
            })
        };
        let overridden = || {
            let reason = settings.overrides.paused(&case.id)?.to_owned();
            Some(Self { by: SuspendedBy::Override, reason, author: None, until: None })
        };
        let maintained = || {
            let (reason, until) = settings.maintenance.covers(case, now)?;
            Some(Self {
                by: SuspendedBy::Maintenance,
                reason: reason.to_owned(),
                author: None,
                until: Some(until),
            })
        };
        overridden().or_else(paused).or_else(maintained)
    }
}
