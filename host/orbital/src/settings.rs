//! All settings of the host. Each part of the host has its own section of one file.

mod fixed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use orbital_admin::AdminSettings;
use orbital_compare::EnvironmentsSettings;
use orbital_config::secrets::SecretsSettings;
use orbital_config::{ConfigError, Section, Setting, parse};
use orbital_files::file;
use orbital_files::state::StateSettings;
use orbital_history::HistorySettings;
use orbital_listener::TlsSettings;
use orbital_policy::rules::ComponentRules;
use orbital_policy::run_settings::RunSettings;
use orbital_policy::targets::TargetsSettings;
use orbital_report::JournalSettings;
use orbital_run::registry::{Policy, RegistrySettings, TrustSettings};
use orbital_run::scheduler::SchedulerSettings;
use orbital_webhook::WebhookSettings;
use orbital_webhook::waiter::WaiterSettings;
use toml::Table;

pub use fixed::FixedError;

/// The settings of one host.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The section `[components]`.
    pub registry: RegistrySettings,
    /// The section `[trust]`. Without it, anybody may deploy.
    pub trust: Option<TrustSettings>,
    /// The sections `[scheduler]`, `[[override]]` and `[[maintenance]]`.
    pub scheduler: SchedulerSettings,
    /// The setting `environment`, and the sections `[limits]`, `[config.COMPONENT]` and `[components."PATTERN"]`.
    pub runner: RunSettings,
    /// The sections `[secrets.NAME]`.
    pub secrets: SecretsSettings,
    /// The sections `[targets.NAME]`.
    pub targets: TargetsSettings,
    /// The sections `[environments.NAME]`.
    pub environments: EnvironmentsSettings,
    /// The section `[webhook]`.
    pub webhook: WebhookSettings,
    /// The section `[waiter]`.
    pub waiter: WaiterSettings,
    /// The section `[admin]`.
    pub admin: AdminSettings,
    /// The section `[journal]`.
    pub journal: JournalSettings,
    /// The section `[history]`.
    pub history: HistorySettings,
    /// The setting `state`.
    pub state: StateSettings,
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
        let tls = [&self.webhook.tls, &self.admin.tls].into_iter().flatten().flat_map(TlsSettings::files);
        self.secrets.files().chain(tls).chain(self.environments.files())
    }

    /// Returns the policy by which components are loaded.
    pub fn policy(&self) -> Policy {
        Policy { runner: self.runner.clone(), overrides: self.scheduler.overrides.clone() }
    }

    /// Returns a contradiction between a setting that takes effect at once and one that needs a restart. It is checked
    /// for each file and, in a reload, for the combination in effect afterwards. So all such rules belong here.
    fn conflict(&self) -> Option<Conflict> {
        let is_open = !self.admin.listen.ip().is_loopback() && self.admin.token.is_none();
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
        if admin.listen == webhook.listen && admin.listen.port() != 0 {
            let reason =
                format!("`admin.listen` is {} too; each listener needs an address of its own", admin.listen);
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
        let settings = Self {
            registry,
            trust: root.has("trust").then_some(trust),
            scheduler: SchedulerSettings::read(root, rules.clone()),
            runner: RunSettings::read(root, rules),
            targets,
            environments: EnvironmentsSettings::read(root, &secrets, base),
            secrets,
            webhook,
            waiter: root.section("waiter", WaiterSettings::read),
            admin,
            journal: root.section("journal", JournalSettings::read),
            history: root
                .section("history", |section| HistorySettings::read(section, base, &state.directory)),
            state,
        };
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
        assert_eq!(settings.registry.directory, Path::new("/base/components"));
        assert_eq!(settings.webhook.keys.len(), 2);
    }
}
