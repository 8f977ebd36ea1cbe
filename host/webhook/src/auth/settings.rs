//! `[[webhook.auth]]`: authentication profiles, each for a path.

use std::time::Duration;

use orbital_config::Section;
use orbital_config::secrets::{SecretsSettings, Template};

use crate::auth::pattern::PathPattern;

/// How requests to a path must be authenticated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileSettings {
    /// The paths that this profile applies to.
    pub(super) path: PathPattern,
    pub(super) by: By,
    /// The accepted secrets or keys; any of them is sufficient.
    pub(super) secrets: Vec<Template>,
}

impl ProfileSettings {
    /// Returns the pattern of the paths, as it was written.
    pub(crate) fn path(&self) -> &str {
        self.path.text()
    }
}

/// The kinds of proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum By {
    None,
    Path,
    Segment,
    GitHub,
    /// The tolerance for timestamps.
    StandardWebhooks(Duration),
    /// The name of the user.
    Basic(String),
    Bearer,
}

/// The values that `by` may have.
const KINDS: &str = "`none`, `path`, `bearer`, `basic`, `github`, `segment` or `standard-webhooks`";

/// Reads all profiles of the section `[webhook]`.
pub(crate) fn read(section: &Section<'_>, secrets: &SecretsSettings) -> Vec<ProfileSettings> {
    let mut seen: Vec<String> = Vec::new();
    let profiles = section.list("auth", |section| {
        let profile = read_profile(section, secrets)?;
        let path = profile.path.text();
        if seen.iter().any(|other| other == path) {
            section.mistake_at("path", &format!("`{path}` has another profile already"));
            return None;
        }
        seen.push(path.to_owned());
        Some(profile)
    });
    profiles.unwrap_or_default()
}

fn read_profile(section: &Section<'_>, known: &SecretsSettings) -> Option<ProfileSettings> {
    let path = section.parsed("path", PathPattern::parse);
    if !section.has("path") {
        section.mistake("has no `path`; set it, such as `path = \"/hooks/crm\"` or `path = \"/*\"`");
    }
    let kind = section.string("by");
    if !section.has("by") {
        section.mistake(format!("has no `by`, which is {KINDS}"));
    }
    let may_be_public = kind.as_deref() == Some("standard-webhooks");
    let secrets = section.text_or_texts("secrets", |text| {
        let template = Template::parse(text, known)?;
        // The public key for a signature need not be a secret.
        if template.is_secret() || may_be_public && text.starts_with("whpk_") {
            return Ok(template);
        }
        Err("must be secrets, such as `\"${secret.crm}\"` with a section `[secrets.crm]`: anyone who can read this file \
             need not know them"
            .to_owned())
    });
    let user = section.string("user");
    // Settings that are read in this match are known only for the kind that they belong to.
    let by = match kind.as_deref()? {
        "none" => By::None,
        "path" => By::Path,
        "segment" => By::Segment,
        "github" => By::GitHub,
        "standard-webhooks" => {
            By::StandardWebhooks(section.duration("tolerance", Duration::from_secs(5 * 60)))
        }
        "basic" => match &user {
            Some(user) if !user.is_empty() && !user.contains(':') => By::Basic(user.clone()),
            _ => {
                section.mistake("needs a `user`, which has no `:`");
                return None;
            }
        },
        "bearer" => By::Bearer,
        other => {
            section.mistake_at("by", &format!("`{other}` is not {KINDS}"));
            return None;
        }
    };
    if user.is_some() && !matches!(by, By::Basic(_)) {
        section.mistake_at("user", "belongs to `by = \"basic\"`");
    }
    match (&by, section.has("secrets"), secrets.is_empty()) {
        (By::None, true, _) => section.mistake_at("secrets", "nothing is asked for with `by = \"none\"`"),
        (By::None, false, _) | (_, true, false) => {}
        (_, true, true) => section.mistake_at("secrets", "must be one secret at least"),
        (_, false, _) => {
            section.mistake("has no `secrets`; set them, such as `secrets = [\"${secret.crm}\"]`");
        }
    }
    let path = path?;
    if path.has_secret() != (by == By::Path) {
        section.mistake_at(
            "path",
            "has the segment `{secret}` with `by = \"path\"` and only then, such as `/hooks/{secret}/crm`",
        );
        return None;
    }
    Some(ProfileSettings { path, by, secrets })
}
