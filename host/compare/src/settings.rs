//! The sections `[environments.NAME]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use orbital_config::Section;
use orbital_config::secrets::{SecretsSettings, Template};
use reqwest::Url;

use crate::ask_error::AskError;

/// The default timeout of the whole answer: statistics of a long window take a moment.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Other hosts to compare, by name.
#[derive(Debug, Clone, Default)]
pub struct EnvironmentsSettings(pub BTreeMap<String, EnvironmentSettings>);

/// The settings of another host.
#[derive(Debug, Clone)]
pub struct EnvironmentSettings {
    /// The URL of the host's private listener.
    pub url: Url,
    /// The token, as in the host's `admin.token`.
    pub token: Option<Template>,
    /// Certificates that the host's own must lead to, instead of those that the system trusts.
    pub ca: Option<PathBuf>,
    /// The timeout of the whole answer.
    pub timeout: Duration,
}

impl EnvironmentsSettings {
    /// Reads the sections, which may refer to these secrets. Relative paths are relative to `base`.
    pub fn read(root: &Section<'_>, secrets: &SecretsSettings, base: &Path) -> Self {
        let read = |_: &str, section: &Section<'_>| EnvironmentSettings::read(section, secrets, base);
        Self(root.sections("environments", read).into_iter().collect())
    }

    /// Keeps these two environments only.
    ///
    /// # Errors
    /// Both are the same, or one of them is not configured.
    pub fn pair(mut self, names: [&str; 2]) -> Result<Self, AskError> {
        AskError::check(names, self.0.keys())?;
        self.0.retain(|name, _| names.contains(&name.as_str()));
        Ok(self)
    }

    /// Returns the files that the sections name.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.0.values().filter_map(|environment| environment.ca.as_ref())
    }

    /// Returns whether one of the environments refers to this secret.
    pub fn want(&self, secret: &str) -> bool {
        self.0.values().filter_map(|environment| environment.token.as_ref()).any(|token| token.has(secret))
    }
}

impl EnvironmentSettings {
    fn read(section: &Section<'_>, secrets: &SecretsSettings, base: &Path) -> Option<Self> {
        let token = section.parsed("token", |text| match Template::parse(text, secrets)? {
            template if template.is_secret() => Ok(template),
            _ => Err("must be a secret, such as `\"${secret.staging}\"` with a section `[secrets.staging]`: whoever may \
                      read this file need not know it"
                .to_owned()),
        });
        let ca = section.string("ca").map(|path| base.join(path));
        let timeout = section.duration("timeout", TIMEOUT);
        let url = section.parsed("url", read_url);
        if !section.has("url") {
            section.mistake(
                "has no `url`; set it, such as `url = \"https://orbital.staging.example.com:8711\"`",
            );
        }
        let url = url?;
        if ca.is_some() && url.scheme() == "http" {
            section.mistake_at("ca", "is about TLS, and `url` begins with `http://`");
        }
        Some(Self { url, token, ca, timeout })
    }
}

fn read_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("must start with `http://` or `https://`, not `{}:`", url.scheme()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must have no `?` and no `#`; it is that of the private listener alone".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have no user and no password; set `token`".to_owned());
    }
    Ok(url)
}
