//! The sections `[targets.NAME]`.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use orbital_config::Section;
use orbital_config::secrets::{SecretsSettings, Template};
use url::Url;

/// The default timeout of a whole exchange.
pub const TIMEOUT: Duration = Duration::from_secs(10);

/// The default timeout of the connection.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The default maximum time for which a connection is kept.
pub const CONNECTION_MAX_AGE: Duration = Duration::from_secs(60);

/// The default maximum size of an answer's body, in bytes.
pub const MAX_RESPONSE: u64 = 1 << 20;

/// All targets, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetsSettings(pub BTreeMap<String, TargetSettings>);

/// One endpoint of the system under test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSettings {
    /// The URL; `${secret.NAME}` is replaced by a secret.
    pub url: Template,
    /// The headers that are sent with every request, unless the test sets the same header.
    pub headers: Vec<(HeaderName, Template)>,
    /// The timeout of a whole exchange.
    pub timeout: Duration,
    /// The timeout of the connection.
    pub connect_timeout: Duration,
    /// The maximum time for which a connection is used for new requests.
    pub connection_max_age: Duration,
    /// The maximum size of an answer's body that is read, in bytes.
    pub max_response: usize,
    /// The names of the secrets that tests may send to this target, by placeholders.
    pub secrets: Vec<String>,
    /// Whether placeholders are replaced in bodies too.
    pub secrets_in_body: bool,
}

impl TargetsSettings {
    /// Reads the sections, which may refer to these secrets.
    pub fn read(root: &Section<'_>, secrets: &SecretsSettings) -> Self {
        let targets = root.sections("targets", |_, section| TargetSettings::read(section, secrets));
        Self(targets.into_iter().collect())
    }

    /// Returns a description of the existing targets for messages.
    pub fn describe(&self) -> String {
        describe_known(&self.0.keys().cloned().collect::<Vec<_>>())
    }
}

impl TargetSettings {
    fn read(section: &Section<'_>, secrets: &SecretsSettings) -> Option<Self> {
        let timeout = section.duration("timeout", TIMEOUT);
        let connect_timeout = section.duration("connect_timeout", CONNECT_TIMEOUT);
        let connection_max_age = section.duration("connection_max_age", CONNECTION_MAX_AGE);
        let max_response = section.bytes("max_response", 0..=64 << 20, MAX_RESPONSE);
        let headers = section.strings("headers", |name, value| read_header(name, value, secrets));
        let granted = section.texts("secrets", |name| read_granted(name, secrets));
        let secrets_in_body = section.boolean("secrets_in_body", false);
        if secrets_in_body && !section.has("secrets") {
            let reason = "says where tests may use secrets, and none is granted; add `secrets = [\"NAME\"]`";
            section.mistake_at("secrets_in_body", reason);
        }
        let url = section.parsed("url", |text| read_url(text, secrets));
        if !section.has("url") {
            section.mistake("has no `url`; set it, such as `url = \"https://api.example.com/v1\"`");
        }
        let url = url?;
        Some(Self {
            url,
            headers,
            timeout,
            connect_timeout,
            connection_max_age,
            max_response,
            secrets: granted,
            secrets_in_body,
        })
    }
}

fn read_granted(name: &str, secrets: &SecretsSettings) -> Result<String, String> {
    if !secrets.has(name) {
        return Err(format!("there is no secret `{name}`; add a section `[secrets.{name}]`"));
    }
    if !is_name(name) {
        return Err(format!(
            "a test cannot write `${{secret.{name}}}`; name it with letters, digits, `-`, `_` and `.`"
        ));
    }
    Ok(name.to_owned())
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

/// Parses a URL, and checks that it can be a target's.
pub fn check_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("must start with `http://` or `https://`, not `{}:`", url.scheme()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must have no `?` and no `#`; a test appends its own path and query".to_owned());
    }
    Ok(url)
}

/// Returns a description of the existing targets, for a message about one that does not exist.
pub fn describe_known(names: &[String]) -> String {
    if names.is_empty() {
        "there are none: add a section `[targets.NAME]`".to_owned()
    } else {
        format!("those are: `{}`", names.join("`, `"))
    }
}

/// Returns whether a placeholder can contain the name.
pub fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(is_of_name)
}

/// Returns whether a name in a placeholder can contain the character.
pub fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}
