//! Secrets that a test sends without knowing them. The test writes `${secret.NAME}`, which is replaced by the value
//! when the request is sent.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::{HeaderValue, header};
use orbital_config::secrets::Secrets;
use orbital_policy::targets::is_of_name;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use secrecy::{ExposeSecret as _, SecretString};

use crate::error::SendError;

/// The largest size of a path or a header with its secrets in place, in bytes.
const MAX_TEXT: usize = 64 << 10;

/// The characters that are escaped in every part of a URL: all but the unreserved characters of RFC 3986.
const IN_URL: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The secrets that requests to one target can contain.
pub(super) struct Placeholders {
    target: String,
    granted: BTreeMap<String, SecretString>,
    in_body: bool,
    /// The names of all secrets.
    known: Arc<BTreeSet<String>>,
}

/// Why a text cannot be filled with its secrets. The message contains no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum FillError {
    /// The operator has not defined or not granted the secret.
    #[error("{0}")]
    NotGranted(String),
    /// The text is too long with the values.
    #[error("with its secrets in place, it has more than {0} bytes")]
    TooLong(usize),
}

impl FillError {
    /// Converts this to the reason why a request cannot be sent; `part` is the part of it that has the placeholder.
    pub(super) fn of(self, part: &str) -> SendError {
        let reason = format!("{part}: {self}");
        match self {
            Self::NotGranted(_) => SendError::NoSecret(reason),
            Self::TooLong(_) => SendError::Invalid(reason),
        }
    }
}

/// The place where a value is inserted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A path or a query: the value is percent-encoded.
    Url,
    /// The value of a header: the value is inserted as it is.
    Header,
    /// A body: the value is written so that it remains one value.
    Body(Content),
}

/// The type of a body, by its `content-type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// JSON: values are inserted into strings.
    Json,
    /// A form: values are percent-encoded.
    Form,
    /// An unknown type: values are inserted as they are.
    Other,
}

impl Content {
    pub(super) fn of(content_type: Option<&HeaderValue>) -> Self {
        let text = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "application/x-www-form-urlencoded" => Self::Form,
            kind if kind.ends_with("/json") || kind.ends_with("+json") => Self::Json,
            _ => Self::Other,
        }
    }
}

impl Placeholders {
    /// Returns the placeholders for a target that is granted these secrets.
    pub(super) fn new(
        target: &str,
        granted: &[String],
        in_body: bool,
        secrets: &Secrets,
        known: Arc<BTreeSet<String>>,
    ) -> Self {
        let granted = granted.iter().filter_map(|name| Some((name.clone(), secrets.get(name)?.clone())));
        Self { target: target.to_owned(), granted: granted.collect(), in_body, known }
    }

    /// Returns the text with values in place of placeholders, borrowed if it has none.
    ///
    /// # Errors
    /// A secret is not defined or not granted, or the text becomes longer than the place allows.
    /// The message contains no value.
    pub(super) fn fill<'a>(&self, text: &'a [u8], place: Place) -> Result<Cow<'a, [u8]>, FillError> {
        let most = if matches!(place, Place::Body(_)) { super::MAX_BODY } else { MAX_TEXT };
        let (mut filled, mut rest) = (Vec::new(), text);
        while let Some((before, name, behind)) = next(rest, place == Place::Url) {
            let Some(value) = self.value(name, place)? else {
                filled.extend_from_slice(&rest[..rest.len() - behind.len()]);
                rest = behind;
                continue;
            };
            filled.extend_from_slice(before);
            filled.extend_from_slice(&written(value.expose_secret(), place));
            rest = behind;
            if filled.len() + rest.len() > most {
                return Err(FillError::TooLong(most));
            }
        }
        if filled.is_empty() {
            return Ok(Cow::Borrowed(text));
        }
        filled.extend_from_slice(rest);
        Ok(Cow::Owned(filled))
    }

    /// Returns the value for a placeholder, or `None` if the placeholder is text like any other.
    fn value(&self, name: &str, place: Place) -> Result<Option<&SecretString>, FillError> {
        let (target, is_known) = (&self.target, self.known.contains(name));
        let in_body = matches!(place, Place::Body(_));
        if in_body && !self.in_body {
            // A body may contain any text. If it names an existing secret, the secret is meant.
            return if is_known {
                Err(FillError::NotGranted(format!(
                    "`${{secret.{name}}}` is in the body, and the target `{target}` takes no secrets there; the operator \
                     allows it with `secrets = [{name:?}]` and `secrets_in_body = true` in `[targets.{target}]`"
                )))
            } else {
                Ok(None)
            };
        }
        match self.granted.get(name) {
            Some(value) => Ok(Some(value)),
            None if is_known => Err(FillError::NotGranted(format!(
                "the target `{target}` is not granted the secret `{name}`; the operator grants it with \
                 `secrets = [{name:?}]` in `[targets.{target}]`"
            ))),
            None => Err(FillError::NotGranted(format!(
                "there is no secret `{name}`; the operator adds a section `[secrets.{name}]`, and \
                 `secrets = [{name:?}]` to `[targets.{target}]`"
            ))),
        }
    }
}

fn written(value: &str, place: Place) -> Cow<'_, [u8]> {
    match place {
        Place::Header | Place::Body(Content::Other) => Cow::Borrowed(value.as_bytes()),
        Place::Url | Place::Body(Content::Form) => {
            Cow::Owned(percent_encode(value.as_bytes(), &IN_URL).to_string().into_bytes())
        }
        Place::Body(Content::Json) => {
            let text = serde_json::Value::from(value).to_string();
            // Without the quotes, because the placeholder is inside a string.
            Cow::Owned(text.as_bytes()[1..text.len() - 1].to_vec())
        }
    }
}

/// Finds the first placeholder. Returns the text before it, its name, and the text after it. In a URL, its signs may
/// be escaped, as many libraries do.
fn next(text: &[u8], in_url: bool) -> Option<(&[u8], &str, &[u8])> {
    let begins = |byte: &u8| *byte == b'$' || (in_url && *byte == b'%');
    let mut at = 0;
    loop {
        at += text[at..].iter().position(begins)?;
        if let Some((name, behind)) = read(&text[at..], in_url) {
            return Some((&text[..at], name, behind));
        }
        at += 1;
    }
}

fn read(text: &[u8], in_url: bool) -> Option<(&str, &[u8])> {
    let text = strip(strip(text, b"$", b"%24", in_url)?, b"{", b"%7b", in_url)?.strip_prefix(b"secret.")?;
    let (name, rest) = text.split_at(text.iter().position(|byte| !is_of_name(*byte))?);
    let name = std::str::from_utf8(name).ok().filter(|name| !name.is_empty())?;
    Some((name, strip(rest, b"}", b"%7d", in_url)?))
}

fn strip<'a>(text: &'a [u8], sign: &[u8], escaped: &[u8], in_url: bool) -> Option<&'a [u8]> {
    text.strip_prefix(sign).or_else(|| {
        let (first, rest) = text.split_at_checked(escaped.len())?;
        (in_url && first.eq_ignore_ascii_case(escaped)).then_some(rest)
    })
}

/// Returns the type of a body by the headers. A test's own headers take precedence over the target's.
pub(super) fn content(headers: &http::HeaderMap, of_target: &http::HeaderMap) -> Content {
    Content::of(headers.get(header::CONTENT_TYPE).or_else(|| of_target.get(header::CONTENT_TYPE)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALUE: &str = "a/b \"c\"\\é";

    fn placeholders(in_body: bool) -> Placeholders {
        Placeholders {
            target: "api".to_owned(),
            granted: BTreeMap::from([("token".to_owned(), VALUE.into())]),
            in_body,
            known: Arc::new(["token", "other"].map(str::to_owned).into()),
        }
    }

    fn fill(text: &str, place: Place, in_body: bool) -> Result<String, String> {
        placeholders(in_body)
            .fill(text.as_bytes(), place)
            .map(|filled| String::from_utf8(filled.into_owned()).unwrap())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_value_is_written_as_its_place_wants_it() {
        let filled = |place| fill("<${secret.token}|${secret.token}>", place, true).unwrap();
        let in_url = "a%2Fb%20%22c%22%5C%C3%A9";
        assert_eq!(filled(Place::Header), format!("<{VALUE}|{VALUE}>"));
        assert_eq!(filled(Place::Url), format!("<{in_url}|{in_url}>"));
        assert_eq!(filled(Place::Body(Content::Other)), format!("<{VALUE}|{VALUE}>"));
        assert_eq!(filled(Place::Body(Content::Form)), format!("<{in_url}|{in_url}>"));
        assert_eq!(filled(Place::Body(Content::Json)), r#"<a/b \"c\"\\é|a/b \"c\"\\é>"#);
    }

    #[test]
    fn in_a_url_the_signs_may_be_escaped() {
        for text in ["${secret.token}", "$%7Bsecret.token%7D", "%24%7bsecret.token%7d", "${secret.token%7D"] {
            assert_eq!(fill(text, Place::Url, false).unwrap(), "a%2Fb%20%22c%22%5C%C3%A9", "{text}");
        }
        assert_eq!(fill("$%7Bsecret.token%7D", Place::Header, false).unwrap(), "$%7Bsecret.token%7D");
    }

    #[test]
    fn what_is_no_placeholder_is_text() {
        for text in [
            "",
            "$",
            "${",
            "${secret.",
            "${secret.}",
            "${secret.a b}",
            "${name}",
            "$${}",
            "100%",
            "{secret.token}",
        ] {
            for place in [Place::Url, Place::Header, Place::Body(Content::Json)] {
                assert_eq!(fill(text, place, true).unwrap(), text);
            }
        }
    }

    #[test]
    fn a_secret_that_is_not_to_be_had_is_named_with_what_grants_it() {
        for place in [Place::Url, Place::Header, Place::Body(Content::Other)] {
            let reason = fill("${secret.token} ${secret.other}", place, true).unwrap_err();
            assert!(reason.contains("not granted") && reason.contains("`secrets = [\"other\"]`"), "{reason}");
            let reason = fill("${secret.nothing}", place, true).unwrap_err();
            assert!(reason.contains("no secret `nothing`"), "{reason}");
        }
    }

    #[test]
    fn a_body_that_is_not_looked_at_must_not_name_a_secret_there_is() {
        let place = Place::Body(Content::Other);
        for name in ["token", "other"] {
            let reason = fill(&format!("${{secret.{name}}}"), place, false).unwrap_err();
            assert!(reason.contains("`secrets_in_body = true`"), "{reason}");
        }
        assert_eq!(fill("${secret.nothing} ${x}", place, false).unwrap(), "${secret.nothing} ${x}");
    }

    #[test]
    fn what_becomes_too_long_is_refused() {
        let reason = fill(&"${secret.token}".repeat(MAX_TEXT / 8), Place::Header, false).unwrap_err();
        assert!(reason.contains("65536"), "{reason}");
    }

    #[test]
    fn what_a_body_is_follows_from_its_type() {
        for (text, content) in [
            ("application/json", Content::Json),
            ("Application/Vnd.Api+JSON; charset=utf-8", Content::Json),
            ("application/x-www-form-urlencoded", Content::Form),
            ("text/plain", Content::Other),
        ] {
            assert_eq!(Content::of(Some(&HeaderValue::from_static(text))), content, "{text}");
        }
        assert_eq!(Content::of(None), Content::Other);
    }

    proptest! {
        /// In JSON, a value remains one string, whatever it contains.
        #[test]
        fn a_value_stays_a_string_of_json(value in any::<String>()) {
            let body = format!("\"{}\"", String::from_utf8(written(&value, Place::Body(Content::Json)).into_owned()).unwrap());
            prop_assert_eq!(serde_json::from_str::<String>(&body).unwrap(), value);
        }

        #[test]
        fn any_text_is_filled_or_refused(text in "[$%{}7bBdD24a-z.]{0,40}|(\\$\\{|secret\\.|token|\\}|%7[bBdD]|%24|x){0,12}") {
            let _ = fill(&text, Place::Url, true);
        }
    }
}
