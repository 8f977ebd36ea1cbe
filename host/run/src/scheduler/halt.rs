//! Why a case does not run by itself at the moment.

use std::time::Duration;

use orbital_model::Case;
use uuid::Uuid;

use crate::scheduler::SchedulerSettings;
use crate::scheduler::pauses::{Pauses, since_epoch};

/// Why a case does not run by itself at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// What keeps it from running.
    pub by: HaltedBy,
    /// The operator's words.
    pub reason: String,
    /// Who wanted it, where that is known.
    pub author: Option<String>,
    /// Until when, since the Unix epoch; none means until somebody changes it.
    pub until: Option<Duration>,
}

/// What keeps a case from running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaltedBy {
    /// `paused` in an `[[override]]`.
    Override,
    /// A `[[maintenance]]` window.
    Maintenance,
    /// A pause that somebody asked for while the host runs.
    Pause(Uuid),
}

impl Halt {
    /// What holds for a case at this moment, since the Unix epoch.
    pub(super) fn of(
        case: &Case,
        settings: &SchedulerSettings,
        pauses: &Pauses,
        now: Duration,
    ) -> Option<Self> {
        let paused = || {
            let pause = pauses.covers(&case.id, now)?;
            Some(Self {
                by: HaltedBy::Pause(pause.id),
                reason: pause.reason.clone(),
                author: Some(pause.author.clone()),
                until: pause.until.map(since_epoch),
            })
        };
        let overridden = || {
            let reason = settings.overrides.paused(&case.id)?.to_owned();
            Some(Self { by: HaltedBy::Override, reason, author: None, until: None })
        };
        let maintained = || {
            let (reason, until) = settings.maintenance.covers(case, now)?;
            Some(Self {
                by: HaltedBy::Maintenance,
                reason: reason.to_owned(),
                author: None,
                until: Some(until),
            })
        };
        overridden().or_else(paused).or_else(maintained)
    }
}
