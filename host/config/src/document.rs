//! One configuration file while it is read: its text, and what was found in it.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use orbital_model::sensitive::{MASK, is_sensitive};
use orbital_model::text::Printable;
use toml::de::DeTable;

use crate::{Mistake, Section};

/// A setting and where its value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Such as `webhook.listen`.
    pub name: String,
    /// As it stands in the file. What looks like a secret is not shown.
    pub value: String,
    /// The line in the file; none for a default.
    pub line: Option<usize>,
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, .. } = self;
        // What a name says in quotes may be anything; a setting is one line all the same.
        let (name, value) = (Printable(&self.name), Printable(&self.value));
        match line {
            Some(line) => write!(formatter, "{name} = {value}  # line {line}"),
            None => write!(formatter, "{name} = {value}  # default"),
        }
    }
}

/// Reads a document: hands its root to `read` and gives back what it made, with all settings that have a
/// value; or every mistake.
///
/// # Errors
/// All mistakes: of syntax, of unknown settings, and those that `read` noted.
pub fn parse<T>(text: &str, read: impl FnOnce(&Section<'_>) -> T) -> Result<(T, Vec<Setting>), Vec<Mistake>> {
    let (table, syntax) = DeTable::parse_recoverable(text);
    let document = Document { text, mistakes: RefCell::default(), settings: RefCell::default() };
    for error in &syntax {
        document.wrong("", error.span().unwrap_or_default(), error.message());
    }
    if !syntax.is_empty() {
        // What the parser made of the rest is a guess; mistakes in a guess would only confuse.
        return Err(document.mistakes.into_inner());
    }
    let root = Section::root(&document, table.get_ref());
    let value = read(&root);
    root.finish();
    let mut mistakes = document.mistakes.into_inner();
    mistakes.sort_by_key(|mistake| mistake.line);
    let mut settings = document.settings.into_inner();
    settings.sort_by(|one, other| one.name.cmp(&other.name));
    if mistakes.is_empty() { Ok((value, settings)) } else { Err(mistakes) }
}

/// Shared by all sections of one file.
pub(super) struct Document<'a> {
    text: &'a str,
    mistakes: RefCell<Vec<Mistake>>,
    settings: RefCell<Vec<Setting>>,
}

impl Document<'_> {
    /// The line of a place, from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        1 + self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
    }

    /// The text of a place.
    pub(super) fn text(&self, span: &Range<usize>) -> Option<&str> {
        self.text.get(span.clone())
    }

    /// Notes a mistake and goes on.
    pub(super) fn wrong(&self, setting: &str, span: Range<usize>, reason: &str) {
        self.wrong_in_line(setting, self.line(span.start), reason);
    }

    /// The same, where there is no place but a line.
    pub(super) fn wrong_in_line(&self, setting: &str, line: usize, reason: &str) {
        let mistake = Mistake { line, setting: setting.to_owned(), reason: reason.to_owned() };
        self.mistakes.borrow_mut().push(mistake);
    }

    /// Notes a value that the file has.
    pub(super) fn found(&self, name: String, span: Range<usize>) {
        let line = Some(self.line(span.start));
        let value = self.text.get(span).unwrap_or_default();
        let value = mask(&name, &value.split_whitespace().collect::<Vec<_>>().join(" "));
        self.settings.borrow_mut().push(Setting { name, value, line });
    }

    /// Notes a default.
    pub(super) fn assumed(&self, name: String, value: String) {
        self.settings.borrow_mut().push(Setting { name, value, line: None });
    }
}

/// Secrets belong in files and in the environment; where one stands in the file all the same, it is not shown.
fn mask(name: &str, value: &str) -> String {
    let sensitive = !name.starts_with("secrets.") && is_sensitive(name);
    let refers = value.contains("${secret.");
    let has_password = value
        .split_once("://")
        .is_some_and(|(_, rest)| rest.split('/').next().is_some_and(|authority| authority.contains('@')));
    if (sensitive || has_password) && !refers { format!("\"{MASK}\"") } else { value.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_not_shown() {
        for (name, value) in [
            ("targets.api.headers.Authorization", "\"Bearer abc\""),
            ("targets.api.headers.X-Api-Key", "\"abc\""),
            ("targets.api.url", "\"https://user:abc@example.com\""),
        ] {
            assert_eq!(mask(name, value), "\"***\"", "{name}");
        }
        for (name, value) in [
            ("targets.api.headers.authorization", "\"Bearer ${secret.api}\""),
            ("secrets.api.file", "\"/run/secrets/api\""),
            ("targets.api.url", "\"https://example.com/a@b\""),
        ] {
            assert_eq!(mask(name, value), value, "{name}");
        }
    }

    #[test]
    fn a_setting_is_one_line_whatever_its_name() {
        let text = "[config]\n\"a\\nwebhook.listen = b\\u001b[2J\" = \"c\"\n";
        let (_, settings) = parse(text, |root| root.strings("config", super::super::pair)).unwrap();
        assert_eq!(
            settings[0].to_string(),
            "config.a\u{fffd}webhook.listen = b\u{fffd}[2J = \"c\"  # line 2"
        );
    }

    #[test]
    fn each_setting_is_shown_with_where_it_comes_from() {
        let (_, settings) =
            parse("[webhook]\nmax_body = \"2MiB\"\nkeys = [\n  { json = \"/id\" },\n]\n", |root| {
                root.section("webhook", |section| {
                    section.bytes("max_body", 1..=1 << 30, 1);
                    section.integer("max_connections", 1..=10, 7);
                    section.list("keys", |key| key.string("json"));
                });
            })
            .unwrap();
        let shown: Vec<String> = settings.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            [
                "webhook.keys[0].json = \"/id\"  # line 4",
                "webhook.max_body = \"2MiB\"  # line 2",
                "webhook.max_connections = 7  # default",
            ]
        );
    }
}
