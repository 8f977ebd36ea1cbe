//! The combination of fixed settings that are in effect with live settings from a file that was read again.
//!
//! Every check of a file is repeated for this combination, so that no rule is broken between a reload and the restart.
//! Some live settings are written for the new value of a fixed one, such as profiles for a listener on loopback. Such
//! pairs can be correct in each file, and wrong in combination: a reload that changes both is rejected.

use orbital_admin::{FixedAdminSettings, LiveAdminSettings};
use orbital_history::{FixedHistorySettings, LiveHistorySettings};
use orbital_policy::run_settings::{FixedRunSettings, LiveRunSettings};
use orbital_run::scheduler::FixedSchedulerSettings;
use orbital_webhook::{FixedWebhookSettings, LiveWebhookSettings};

use super::{Conflict, FixedSettings, LiveSettings, Settings};

/// The name of a setting or section, and whether it differs.
type Compared = (&'static str, bool);

/// A fixed setting, and the live settings that depend on it.
struct Dependents {
    fixed: Compared,
    live: Vec<Compared>,
}

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

impl FixedSettings {
    /// Compares all of these settings with others. The patterns name every field, so that the compiler rejects a new
    /// setting that is not compared here. If live settings depend on it, it also belongs into [`Settings::dependents`].
    fn compare(&self, other: &Self) -> Vec<Compared> {
        let Self { registry, trust, scheduler, runner, waiter, webhook, admin, journal, history, state } =
            self;
        let FixedSchedulerSettings { max_in_flight } = scheduler;
        let FixedRunSettings { metric_series } = runner;
        let FixedWebhookSettings { listen, has_tls, max_connections, path_per_component } = webhook;
        let FixedAdminSettings { listen: admin_listen, has_tls: admin_has_tls } = admin;
        let FixedHistorySettings { enabled, path } = history;
        vec![
            ("components", *registry != other.registry),
            ("trust", *trust != other.trust),
            ("scheduler.max_in_flight", *max_in_flight != other.scheduler.max_in_flight),
            ("limits.metric_series", *metric_series != other.runner.metric_series),
            ("waiter", *waiter != other.waiter),
            ("webhook.listen", *listen != other.webhook.listen),
            ("webhook.max_connections", *max_connections != other.webhook.max_connections),
            ("webhook.path_per_component", *path_per_component != other.webhook.path_per_component),
            ("webhook.tls", *has_tls != other.webhook.has_tls),
            ("admin.tls", *admin_has_tls != other.admin.has_tls),
            ("admin.listen", *admin_listen != other.admin.listen),
            ("journal", *journal != other.journal),
            ("history.enabled", *enabled != other.history.enabled),
            ("history.path", *path != other.history.path),
            ("state", *state != other.state),
        ]
    }
}

impl Settings {
    /// Returns the fixed settings that differ in a file that was read again.
    pub fn fixed_changes(&self, file: &Self) -> Vec<&'static str> {
        let compared = self.fixed.compare(&file.fixed);
        compared.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    /// Returns the live settings of a file that was read again, with the fixed settings that are in effect.
    ///
    /// # Errors
    /// The combination is invalid, or could mean something that neither file means.
    pub fn with_live_of(&self, file: &Self) -> Result<Self, FixedError> {
        for Dependents { fixed: (fixed, fixed_differs), live } in self.dependents(file) {
            let changed = live.into_iter().find(|(_, differs)| fixed_differs && *differs);
            if let Some((live, _)) = changed {
                return Err(FixedError::Dependent { fixed, live });
            }
        }
        let settings = Self { fixed: self.fixed.clone(), live: file.live.clone() };
        match settings.conflict() {
            None => Ok(settings),
            Some(Conflict { section, setting, reason }) => {
                Err(FixedError::Conflict { setting: format!("{section}.{setting}"), reason })
            }
        }
    }

    /// Compares settings of which one depends on the other. The patterns name every live setting, those that depend on no
    /// fixed one as `_`: the compiler rejects a new setting about which this has not been decided.
    fn dependents(&self, other: &Self) -> Vec<Dependents> {
        let LiveSettings {
            runner,
            targets,
            webhook,
            admin,
            history,
            scheduler: _,
            secrets: _,
            environments: _,
        } = &self.live;
        let LiveRunSettings { rules, config, environment: _, limits: _ } = runner;
        let LiveWebhookSettings {
            auth,
            public_url: _,
            keys: _,
            challenges: _,
            max_body: _,
            max_bodies: _,
            body_timeout: _,
            limits: _,
            tls: _,
        } = webhook;
        let LiveAdminSettings { token, open_health, open_metrics, tls: _ } = admin;
        let LiveHistorySettings {
            max_age,
            max_runs,
            max_bytes,
            batch_runs: _,
            batch_interval: _,
            queue_runs: _,
            queue_bytes: _,
        } = history;

        let live = &other.live;
        // Who may deliver.
        let auth = [("webhook.auth", *auth != live.webhook.auth)];
        // Who may use the private listener.
        let access = [
            ("admin.token", *token != live.admin.token),
            ("admin.open_health", *open_health != live.admin.open_health),
            ("admin.open_metrics", *open_metrics != live.admin.open_metrics),
        ];
        // What components may reach, and which configuration they receive.
        let reach = [
            ("components.\"PATTERN\"", *rules != live.runner.rules),
            ("targets", *targets != live.targets),
            ("config", *config != live.runner.config),
        ];
        // Which runs are deleted.
        let retention = [
            ("history.max_age", *max_age != live.history.max_age),
            ("history.max_runs", *max_runs != live.history.max_runs),
            ("history.max_bytes", *max_bytes != live.history.max_bytes),
        ];

        let FixedSettings { registry, trust, webhook, admin, history, .. } = &self.fixed;
        let fixed = &other.fixed;
        let pair =
            |name, differs, live: &[Compared]| Dependents { fixed: (name, differs), live: live.to_vec() };
        vec![
            pair("webhook.listen", webhook.listen != fixed.webhook.listen, &auth),
            pair("webhook.tls", webhook.has_tls != fixed.webhook.has_tls, &auth),
            pair(
                "webhook.path_per_component",
                webhook.path_per_component != fixed.webhook.path_per_component,
                &auth,
            ),
            pair("admin.listen", admin.listen != fixed.admin.listen, &access),
            pair("admin.tls", admin.has_tls != fixed.admin.has_tls, &access),
            pair("trust", *trust != fixed.trust, &reach),
            pair("components.directory", registry.directory != fixed.registry.directory, &reach),
            pair(
                "components.external_links",
                registry.external_links != fixed.registry.external_links,
                &reach,
            ),
            pair("history.path", history.path != fixed.history.path, &retention),
        ]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    const MANUAL: &str = include_str!("../../../../docs/configuration.md");

    /// Returns the settings that a cell of a table names, without the punctuation of sections.
    fn named(cell: &str) -> BTreeSet<&str> {
        let names = cell.split('`').skip(1).step_by(2);
        names.map(|name| name.trim_matches(['[', ']']).trim_end_matches(".…")).collect()
    }

    fn names(compared: &[Compared]) -> BTreeSet<&'static str> {
        compared.iter().map(|(name, _)| *name).collect()
    }

    #[test]
    fn the_manual_lists_the_settings_that_need_a_restart() {
        let row = MANUAL.lines().find(|line| line.contains("| after a restart; the log")).unwrap();
        let settings = Settings::without_file(Path::new("/base"));
        let compared = settings.fixed.compare(&settings.fixed);
        assert_eq!(named(row), names(&compared));
    }

    #[test]
    fn the_manual_lists_the_live_settings_that_depend_on_others() {
        let table = MANUAL.lines().skip_while(|line| !line.starts_with("| after a restart | at once"));
        let rows = table.skip(2).take_while(|line| line.starts_with('|'));
        let listed: BTreeSet<(&str, BTreeSet<&str>)> = rows
            .flat_map(|row| {
                let cells: Vec<&str> = row.split('|').collect();
                let live = named(cells[2]);
                named(cells[1]).into_iter().map(move |fixed| (fixed, live.clone()))
            })
            .collect();
        let settings = Settings::without_file(Path::new("/base"));
        let pairs = settings.dependents(&settings);
        let pairs: BTreeSet<_> = pairs.iter().map(|pair| (pair.fixed.0, names(&pair.live))).collect();
        assert_eq!(listed, pairs);
    }
}
