//! Settings that take effect only after a restart, and the settings that depend on them.
//!
//! A reload keeps these fixed settings as they are in effect, and takes the other settings from the new file. Every
//! check of a file is repeated for this combination, so that no rule is broken between a reload and the restart. Some
//! live settings are written for the new value of a fixed one, such as profiles for a listener on loopback. Such pairs
//! can be correct in each file, and wrong in combination: a reload that changes both is rejected.

use orbital_model::Budget;

use super::{Conflict, Settings};

/// A function that returns whether two settings differ in one respect.
type Differs = fn(&Settings, &Settings) -> bool;

/// A setting or section that takes effect only after a restart.
struct Fixed {
    name: &'static str,
    differs: Differs,
    keep: fn(&mut Settings, &Settings),
}

/// Settings that depend on a fixed one and take effect at once.
struct Dependents {
    fixed: &'static str,
    fixed_differs: Differs,
    live: &'static [(&'static str, Differs)],
}

/// Compares a field of two settings.
macro_rules! differs {
    ($($field:ident).+) => {
        |one: &Settings, other: &Settings| one.$($field).+ != other.$($field).+
    };
}

macro_rules! fixed {
    ($name:literal, $($field:ident).+) => {
        Fixed {
            name: $name,
            differs: differs!($($field).+),
            keep: |settings, acting| settings.$($field).+.clone_from(&acting.$($field).+),
        }
    };
}

const FIXED: [Fixed; 15] = [
    fixed!("components", registry),
    fixed!("trust", trust),
    fixed!("scheduler.max_in_flight", scheduler.max_in_flight),
    Fixed {
        name: "limits.metric_series",
        differs: |one, other| {
            one.runner.limits.of(Budget::MetricSeries) != other.runner.limits.of(Budget::MetricSeries)
        },
        keep: |settings, acting| settings.runner.limits.keep(Budget::MetricSeries, &acting.runner.limits),
    },
    fixed!("waiter", waiter),
    fixed!("webhook.listen", webhook.listen),
    fixed!("webhook.max_connections", webhook.max_connections),
    fixed!("webhook.path_per_component", webhook.path_per_component),
    // Files of certificates can be replaced, but TLS is neither added nor removed.
    Fixed {
        name: "webhook.tls",
        differs: tls_of_webhook_differs,
        keep: |settings, acting| {
            if tls_of_webhook_differs(settings, acting) {
                settings.webhook.tls.clone_from(&acting.webhook.tls);
            }
        },
    },
    Fixed {
        name: "admin.tls",
        differs: tls_of_admin_differs,
        keep: |settings, acting| {
            if tls_of_admin_differs(settings, acting) {
                settings.admin.tls.clone_from(&acting.admin.tls);
            }
        },
    },
    fixed!("admin.listen", admin.listen),
    fixed!("journal", journal),
    fixed!("history.enabled", history.enabled),
    fixed!("history.path", history.path),
    fixed!("state", state),
];

fn tls_of_webhook_differs(one: &Settings, other: &Settings) -> bool {
    one.webhook.tls.is_some() != other.webhook.tls.is_some()
}

fn tls_of_admin_differs(one: &Settings, other: &Settings) -> bool {
    one.admin.tls.is_some() != other.admin.tls.is_some()
}

/// Settings that determine who may deliver.
const AUTH: &[(&str, Differs)] = &[("webhook.auth", differs!(webhook.auth))];

/// Settings that determine who may use the private listener.
const ACCESS: &[(&str, Differs)] = &[
    ("admin.token", differs!(admin.token)),
    ("admin.open_health", differs!(admin.open_health)),
    ("admin.open_metrics", differs!(admin.open_metrics)),
];

/// Settings that determine what components may reach, and which configuration they receive.
const REACH: &[(&str, Differs)] = &[
    ("components.\"PATTERN\"", differs!(runner.rules)),
    ("targets", differs!(targets)),
    ("config", differs!(runner.config)),
];

/// Settings that determine which runs are deleted.
const RETENTION: &[(&str, Differs)] = &[
    ("history.max_age", differs!(history.max_age)),
    ("history.max_runs", differs!(history.max_runs)),
    ("history.max_bytes", differs!(history.max_bytes)),
];

const DEPENDENTS: [Dependents; 9] = [
    Dependents { fixed: "webhook.listen", fixed_differs: differs!(webhook.listen), live: AUTH },
    Dependents { fixed: "webhook.tls", fixed_differs: tls_of_webhook_differs, live: AUTH },
    Dependents {
        fixed: "webhook.path_per_component",
        fixed_differs: differs!(webhook.path_per_component),
        live: AUTH,
    },
    Dependents { fixed: "admin.listen", fixed_differs: differs!(admin.listen), live: ACCESS },
    Dependents { fixed: "admin.tls", fixed_differs: tls_of_admin_differs, live: ACCESS },
    Dependents { fixed: "trust", fixed_differs: differs!(trust), live: REACH },
    Dependents { fixed: "components.directory", fixed_differs: differs!(registry.directory), live: REACH },
    Dependents {
        fixed: "components.external_links",
        fixed_differs: differs!(registry.external_links),
        live: REACH,
    },
    Dependents { fixed: "history.path", fixed_differs: differs!(history.path), live: RETENTION },
];

/// The reason why settings that were read again do not fit those that need a restart.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum FixedError {
    /// A live setting depends on a fixed one, and both have changed.
    #[error(
        "`{live}` would take effect at once, but `{fixed}`, on which it depends, only after a restart; restart the host to \
         apply both"
    )]
    Dependent {
        /// The setting that needs a restart.
        fixed: &'static str,
        /// The setting that takes effect at once.
        live: &'static str,
    },
    /// The combination is invalid.
    #[error("`{setting}`, which is in effect until the host is restarted, {reason}; or restart the host")]
    Conflict {
        /// The setting that needs a restart.
        setting: String,
        /// The mistake, as the predicate of a sentence about the setting.
        reason: &'static str,
    },
}

impl Settings {
    /// Returns the fixed settings that differ in a file that was read again.
    pub fn fixed_changes(&self, file: &Self) -> Vec<&'static str> {
        FIXED.iter().filter(|fixed| (fixed.differs)(self, file)).map(|fixed| fixed.name).collect()
    }

    /// Returns the settings of a file that was read again, but with the fixed settings that are in effect.
    ///
    /// # Errors
    /// The combination is invalid, or could mean something that neither file means.
    pub fn with_live_of(&self, file: &Self) -> Result<Self, FixedError> {
        for Dependents { fixed, fixed_differs, live } in &DEPENDENTS {
            if !fixed_differs(self, file) {
                continue;
            }
            if let Some((live, _)) = live.iter().find(|(_, differs)| differs(self, file)) {
                return Err(FixedError::Dependent { fixed, live });
            }
        }
        let mut settings = file.clone();
        for fixed in &FIXED {
            (fixed.keep)(&mut settings, self);
        }
        match settings.conflict() {
            None => Ok(settings),
            Some(Conflict { section, setting, reason }) => {
                Err(FixedError::Conflict { setting: format!("{section}.{setting}"), reason })
            }
        }
    }
}
