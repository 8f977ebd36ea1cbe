//! All settings of the host: each room's own section of one file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use orbital_compare::EnvironmentsSettings;
use orbital_config::secrets::SecretsSettings;
use orbital_config::{ConfigError, Section, Setting, parse};
use orbital_files::file;
use orbital_files::state::StateSettings;
use orbital_model::Budget;
use orbital_policy::rules::ComponentRules;
use orbital_policy::targets::TargetsSettings;
use toml::Table;

use crate::admin::AdminSettings;
use crate::history::HistorySettings;
use crate::listener::TlsSettings;
use crate::registry::{RegistrySettings, Terms, TrustSettings};
use crate::report::JournalSettings;
use crate::runner::RunnerSettings;
use crate::scheduler::SchedulerSettings;
use crate::waiter::WaiterSettings;
use crate::webhook::WebhookSettings;

/// The settings of one host.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `[components]`
    pub registry: RegistrySettings,
    /// `[trust]`; without it, anybody may deploy
    pub trust: Option<TrustSettings>,
    /// `[scheduler]`, `[[override]]`, `[[maintenance]]`
    pub scheduler: SchedulerSettings,
    /// `environment`, `[limits]`, `[config.COMPONENT]`, `[components."PATTERN"]`
    pub runner: RunnerSettings,
    /// `[secrets.NAME]`
    pub secrets: SecretsSettings,
    /// `[targets.NAME]`
    pub targets: TargetsSettings,
    /// `[environments.NAME]`
    pub environments: EnvironmentsSettings,
    /// `[webhook]`
    pub webhook: WebhookSettings,
    /// `[waiter]`
    pub waiter: WaiterSettings,
    /// `[admin]`
    pub admin: AdminSettings,
    /// `[journal]`
    pub journal: JournalSettings,
    /// `[history]`
    pub history: HistorySettings,
    /// `state`
    pub state: StateSettings,
}

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or has mistakes: all of them.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        Self::load_with_sources(path).map(|(settings, _)| settings)
    }

    /// Reads a file, and tells where each value comes from.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load_with_sources(path: &Path) -> Result<(Self, Vec<Setting>), ConfigError> {
        let text = read(path)?;
        let base = path.parent().unwrap_or(Path::new("."));
        parse(&text, |root| Self::read(root, base))
            .map_err(|mistakes| ConfigError::Mistakes { path: path.to_owned(), mistakes })
    }

    /// Reads a file, if there is to be one.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load_or_default(path: Option<&Path>) -> Result<Self, ConfigError> {
        path.map_or_else(|| Ok(Self::without_file(Path::new("."))), Self::load)
    }

    /// Reads a file, if there is one, as it would be with these changes. Relative paths are relative to `base`.
    ///
    /// # Errors
    /// As [`Settings::load`], of the file as it is; or the changes have mistakes.
    pub fn load_changed(
        path: Option<&Path>,
        base: &Path,
        change: impl FnOnce(&mut Table),
    ) -> Result<Self, ConfigError> {
        let mut table = Table::new();
        if let Some(path) = path {
            // What is wrong with the file is told with its own lines.
            Self::load(path)?;
            table = read(path)?.parse().unwrap_or_default();
        }
        change(&mut table);
        let changed = parse(&table.to_string(), |root| Self::read(root, base));
        let path = path.map_or_else(|| base.to_owned(), Path::to_owned);
        changed.map(|(settings, _)| settings).map_err(|mistakes| ConfigError::Mistakes { path, mistakes })
    }

    /// The files besides the configuration's own whose change is one of the configuration: those of secrets and of
    /// certificates, our own and those of other hosts.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let tls = [&self.webhook.tls, &self.admin.tls].into_iter().flatten().flat_map(TlsSettings::files);
        self.secrets.files().chain(tls).chain(self.environments.files())
    }

    /// What loading components depends on.
    pub fn terms(&self) -> Terms {
        Terms { runner: self.runner.clone(), overrides: self.scheduler.overrides.clone() }
    }

    /// The settings that differ in another version of the file, and that act at the next start only.
    pub fn fixed_changes(&self, other: &Self) -> Vec<&'static str> {
        let differs = [
            ("components", self.registry != other.registry),
            ("trust", self.trust != other.trust),
            ("scheduler.max_in_flight", self.scheduler.max_in_flight != other.scheduler.max_in_flight),
            (
                "limits.metric_series",
                self.runner.limits.of(Budget::MetricSeries) != other.runner.limits.of(Budget::MetricSeries),
            ),
            ("waiter", self.waiter != other.waiter),
            ("webhook.listen", self.webhook.listen != other.webhook.listen),
            ("webhook.max_connections", self.webhook.max_connections != other.webhook.max_connections),
            (
                "webhook.path_per_component",
                self.webhook.path_per_component != other.webhook.path_per_component,
            ),
            ("webhook.tls", self.webhook.tls.is_some() != other.webhook.tls.is_some()),
            ("admin.tls", self.admin.tls.is_some() != other.admin.tls.is_some()),
            ("admin.listen", self.admin.listen != other.admin.listen),
            ("journal", self.journal != other.journal),
            ("history.enabled", self.history.enabled != other.history.enabled),
            ("history.path", self.history.path != other.history.path),
            ("state", self.state != other.state),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    /// What holds without a file. Relative paths are relative to `base`.
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
        Self {
            registry,
            trust: root.has("trust").then_some(trust),
            scheduler: SchedulerSettings::read(root, rules.clone()),
            runner: RunnerSettings::read(root, rules),
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
        }
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
