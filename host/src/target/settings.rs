//! The sections `[targets.NAME]`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use reqwest::Url;
use secrecy::ExposeSecret as _;

use super::secrets::{Secrets, SecretsSettings};
use crate::config::Section;

/// All targets, and the secrets that they refer to.
#[derive(Debug, Clone, Default)]
pub struct TargetsSettings {
    /// By name.
    pub targets: BTreeMap<String, TargetSettings>,
    /// The section `[secrets]`.
    pub secrets: SecretsSettings,
}

/// One endpoint of the system under test.
#[derive(Debug, Clone)]
pub struct TargetSettings {
    /// Where it is; `${secret.NAME}` stands for a secret.
    pub url: Template,
    /// Sent with every request, unless the test sets the same header.
    pub headers: Vec<(HeaderName, Template)>,
    /// For the whole exchange.
    pub timeout: Duration,
    /// For the connection alone.
    pub connect_timeout: Duration,
    /// The largest body of an answer that is read.
    pub max_response: usize,
}

impl TargetsSettings {
    /// Reads the sections `[targets]` and `[secrets]`. Relative paths are relative to `base`.
    pub fn read(root: &Section<'_>, base: &Path) -> Self {
        let secrets = SecretsSettings::read(root, base);
        let targets = root.sections("targets", |_, section| TargetSettings::read(section, &secrets));
        Self { targets: targets.into_iter().collect(), secrets }
    }
}

impl TargetSettings {
    fn read(section: &Section<'_>, secrets: &SecretsSettings) -> Option<Self> {
        let timeout = section.duration("timeout", Duration::from_secs(10));
        let connect_timeout = section.duration("connect_timeout", Duration::from_secs(5));
        let max_response = section.bytes("max_response", 0..=64 << 20, 1 << 20);
        let headers = section.strings("headers", |name, value| read_header(name, value, secrets));
        let url = section.parsed("url", |text| read_url(text, secrets));
        if !section.has("url") {
            section.mistake("has no `url`; set it, such as `url = \"https://api.example.com/v1\"`");
        }
        Some(Self { url: url?, headers, timeout, connect_timeout, max_response })
    }
}

fn read_header(name: &str, value: &str, secrets: &SecretsSettings) -> Result<(HeaderName, Template), String> {
    let parsed = HeaderName::try_from(name).map_err(|_| "is not the name of a header".to_owned())?;
    let template = Template::parse(value, secrets)?;
    HeaderValue::try_from(template.shape()).map_err(|_| "the value has a control character".to_owned())?;
    Ok((parsed, template))
}

fn read_url(text: &str, secrets: &SecretsSettings) -> Result<Template, String> {
    let template = Template::parse(text, secrets)?;
    check_url(&template.shape())?;
    Ok(template)
}

/// Reads a URL that can be a target's.
pub(super) fn check_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("must start with `http://` or `https://`, not `{}:`", url.scheme()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must have no `?` and no `#`; a test appends its own path and query".to_owned());
    }
    Ok(url)
}

/// A text in which `${secret.NAME}` stands for a secret.
#[derive(Debug, Clone)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Secret(String),
}

impl Template {
    fn parse(text: &str, secrets: &SecretsSettings) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let Some((name, behind)) = after.split_once('}') else {
                return Err("`${` has no `}`".to_owned());
            };
            let Some(name) = name.strip_prefix("secret.") else {
                return Err(format!("`${{{name}}}` is not known; write `${{secret.NAME}}`"));
            };
            if !secrets.has(name) {
                return Err(format!("there is no secret `{name}`; add a section `[secrets.{name}]`"));
            }
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Secret(name.to_owned()));
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// With a letter in place of each secret: enough to see whether the rest is well formed.
    fn shape(&self) -> String {
        self.fill(|_| "x")
    }

    /// With the secrets in their places.
    pub(super) fn expose(&self, secrets: &Secrets) -> String {
        self.fill(|name| secrets.get(name).map_or("", |secret| secret.expose_secret()))
    }

    fn fill<'a>(&'a self, value: impl Fn(&'a str) -> &'a str) -> String {
        let parts = self.0.iter().map(|part| match part {
            Part::Text(text) => text.as_str(),
            Part::Secret(name) => value(name),
        });
        parts.collect()
    }

    /// Whether a secret is part of it.
    pub(super) fn is_secret(&self) -> bool {
        self.0.iter().any(|part| matches!(part, Part::Secret(_)))
    }
}
