//! All settings of the host. Each part of the host has its own section of one file.

mod fixed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use orbital_admin::{AdminSettings, FixedAdminSettings, LiveAdminSettings};
use orbital_compare::EnvironmentsSettings;
use orbital_config::secrets::SecretsSettings;
use orbital_config::{ConfigError, Section, Setting, parse};
use orbital_files::file;
use orbital_files::state::StateSettings;
use orbital_history::{FixedHistorySettings, HistorySettings, LiveHistorySettings};
use orbital_listener::TlsSettings;
use orbital_policy::rules::ComponentRules;
use orbital_policy::run_settings::{FixedRunSettings, LiveRunSettings, RunSettings};
use orbital_policy::targets::TargetsSettings;
use orbital_report::JournalSettings;
use orbital_run::registry::{Policy, RegistrySettings, TrustSettings};
use orbital_run::scheduler::{FixedSchedulerSettings, LiveSchedulerSettings, SchedulerSettings};
use orbital_webhook::waiter::WaiterSettings;
use orbital_webhook::{FixedWebhookSettings, LiveWebhookSettings, WebhookSettings};
use toml::Table;

pub use fixed::FixedError;

/// The settings of one host.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Settings that need a restart.
    pub fixed: FixedSettings,
    /// Settings that take effect at once.
    pub live: LiveSettings,
}

/// Settings that need a restart: a reload keeps them.
#[derive(Debug, Clone)]
pub struct FixedSettings {
    /// The section `[components]`.
    pub registry: RegistrySettings,
    /// The section `[trust]`. Without it, anybody may deploy.
    pub trust: Option<TrustSettings>,
    /// The fixed part of `[scheduler]`.
    pub scheduler: FixedSchedulerSettings,
    /// The fixed part of `[limits]`.
    pub runner: FixedRunSettings,
    /// The section `[waiter]`.
    pub waiter: WaiterSettings,
    /// The fixed part of `[webhook]`.
    pub webhook: FixedWebhookSettings,
    /// The fixed part of `[admin]`.
    pub admin: FixedAdminSettings,
    /// The section `[journal]`.
    pub journal: JournalSettings,
    /// The fixed part of `[history]`.
    pub history: FixedHistorySettings,
    /// The setting `state`.
    pub state: StateSettings,
}

/// Settings that take effect at once: a reload takes them from the file.
#[derive(Debug, Clone)]
pub struct LiveSettings {
    /// The live part of `[scheduler]`, and the sections `[[override]]` and `[[maintenance]]`.
    pub scheduler: LiveSchedulerSettings,
    /// The setting `environment`, the live part of `[limits]`, and the sections `[config.COMPONENT]` and
    /// `[components."PATTERN"]`.
    pub runner: LiveRunSettings,
    /// The sections `[secrets.NAME]`.
    pub secrets: SecretsSettings,
    /// The sections `[targets.NAME]`.
    pub targets: TargetsSettings,
    /// The sections `[environments.NAME]`.
    pub environments: EnvironmentsSettings,
    /// The live part of `[webhook]`.
    pub webhook: LiveWebhookSettings,
    /// The live part of `[admin]`.
    pub admin: LiveAdminSettings,
    /// The live part of `[history]`.
    pub history: LiveHistorySettings,
}

/// Two settings that contradict each other, one of which takes effect only after a restart.
struct Conflict {
    section: &'static str,
    setting: &'static str,
    reason: &'static str,
}

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    /// The file cannot be read, or has mistakes; the error lists all of them.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::load_with_sources(path).map(|(settings, _)| settings)
    }

    /// Reads a file, and returns where each value comes from.
    ///
    /// # Errors
    /// See [`Settings::load`].
    pub fn load_with_sources(path: &Path) -> Result<(Self, Vec<Setting>), ConfigError> {
        let text = read(path)?;
        let base = path.parent().unwrap_or(Path::new("."));
        parse(&text, |root| Self::read(root, base))
            .map_err(|mistakes| ConfigError::Mistakes { path: path.to_owned(), mistakes })
    }

    /// Reads a file, or returns the defaults if there is no path.
    ///
    /// # Errors
    /// See [`Settings::load`].
    pub fn load_or_default(path: Option<&Path>) -> Result<Self, ConfigError> {
        path.map_or_else(|| Ok(Self::without_file(Path::new("."))), Self::load)
    }

    /// Reads a file, if there is one, and applies these changes to it. Relative paths are relative to `base`.
    ///
    /// # Errors
    /// The unchanged file causes an error of [`Settings::load`], or the changes have mistakes.
    pub fn load_changed(
        path: Option<&Path>,
        base: &Path,
        change: impl FnOnce(&mut Table),
    ) -> Result<Self, ConfigError> {
        let mut table = Table::new();
        if let Some(path) = path {
            // Mistakes in the unchanged file are reported with the line numbers of that file.
            Self::load(path)?;
            table = read(path)?.parse().unwrap_or_default();
        }
        change(&mut table);
        let changed = parse(&table.to_string(), |root| Self::read(root, base));
        let path = path.map_or_else(|| base.to_owned(), Path::to_owned);
        changed.map(|(settings, _)| settings).map_err(|mistakes| ConfigError::Mistakes { path, mistakes })
    }

    /// Returns the files, other than the configuration file itself, whose change counts as a change of the
    /// configuration: those of secrets and of certificates, of this host and of other hosts.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let LiveSettings { secrets, environments, webhook, admin, .. } = &self.live;
        let tls = [&webhook.tls, &admin.tls].into_iter().flatten().flat_map(TlsSettings::files);
        secrets.files().chain(tls).chain(environments.files())
    }

    /// Returns the policy by which components are loaded.
    pub fn policy(&self) -> Policy {
        Policy { runner: self.runner(), overrides: self.live.scheduler.overrides.clone() }
    }

    /// Returns the settings of runs.
    pub fn runner(&self) -> RunSettings {
        RunSettings { fixed: self.fixed.runner, live: self.live.runner.clone() }
    }

    /// Returns the settings of the webhook.
    pub fn webhook(&self) -> WebhookSettings {
        WebhookSettings { fixed: self.fixed.webhook, live: self.live.webhook.clone() }
    }

    /// Returns the settings of the history.
    pub fn history(&self) -> HistorySettings {
        HistorySettings { fixed: self.fixed.history.clone(), live: self.live.history.clone() }
    }

    /// Returns a contradiction between a setting that takes effect at once and one that needs a restart. It is checked
    /// for each file and, in a reload, for the combination in effect afterwards. So all such rules belong here.
    fn conflict(&self) -> Option<Conflict> {
        let is_open = !self.fixed.admin.listen.ip().is_loopback() && self.live.admin.token.is_none();
        is_open.then_some(Conflict {
            section: "admin",
            setting: "listen",
            reason: "is not a loopback address, so its clients must send a token: set `token = \"${secret.admin}\"`, or \
                     listen on `127.0.0.1:8711`",
        })
    }

    /// Returns the settings that apply without a file. Relative paths are relative to `base`.
    fn without_file(base: &Path) -> Self {
        match parse("", |root| Self::read(root, base)) {
            Ok((settings, _)) => settings,
            Err(mistakes) => unreachable!("the defaults have mistakes: {mistakes:?}"),
        }
    }

    pub(crate) fn read(root: &Section<'_>, base: &Path) -> Self {
        let secrets = SecretsSettings::read(root, base);
        let admin = root.section("admin", |section| AdminSettings::read(section, &secrets, base));
        let webhook = root.section("webhook", |section| WebhookSettings::read(section, &secrets, base));
        let listen = admin.fixed.listen;
        if listen == webhook.fixed.listen && listen.port() != 0 {
            let reason = format!("`admin.listen` is {listen} too; each listener needs an address of its own");
            root.mistake_at("webhook", &reason);
        }
        let trust = root.section("trust", |section| TrustSettings::read(section, base));
        let targets = TargetsSettings::read(root, &secrets);
        let (registry, rules) = root.section("components", |section| {
            (RegistrySettings::read(section, base), ComponentRules::read(section, &targets))
        });
        let rules = Arc::new(rules);
        let state = StateSettings {
            directory: base.join(root.string_or("state", "state")),
            is_set: root.has("state"),
        };
        let scheduler = SchedulerSettings::read(root, rules.clone());
        let runner = RunSettings::read(root, rules);
        let environments = EnvironmentsSettings::read(root, &secrets, base);
        let waiter = root.section("waiter", WaiterSettings::read);
        let journal = root.section("journal", JournalSettings::read);
        let history =
            root.section("history", |section| HistorySettings::read(section, base, &state.directory));
        let fixed = FixedSettings {
            registry,
            trust: root.has("trust").then_some(trust),
            scheduler: scheduler.fixed,
            runner: runner.fixed,
            waiter,
            webhook: webhook.fixed,
            admin: admin.fixed,
            journal,
            history: history.fixed,
            state,
        };
        let live = LiveSettings {
            scheduler: scheduler.live,
            runner: runner.live,
            secrets,
            targets,
            environments,
            webhook: webhook.live,
            admin: admin.live,
            history: history.live,
        };
        let settings = Self { fixed, live };
        if let Some(Conflict { section, setting, reason }) = settings.conflict() {
            root.mistake_in(section, setting, reason);
        }
        settings
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    file::read_text(path, file::MAX_SMALL)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_have_no_mistakes() {
        let settings = Settings::without_file(Path::new("/base"));
        assert_eq!(settings.fixed.registry.directory, Path::new("/base/components"));
        assert_eq!(settings.live.webhook.keys.len(), 2);
    }
}
