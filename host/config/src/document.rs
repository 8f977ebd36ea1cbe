//! A configuration file that is being read: its text, its mistakes, and its settings.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;

use orbital_model::sensitive::{MASK, is_sensitive};
use orbital_model::text::Printable;
use toml::de::DeTable;

use crate::{Mistake, Section};

/// A setting and the origin of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The name of the setting, such as `webhook.listen`.
    pub name: String,
    /// The value as in the file. A value that looks like a secret is masked.
    pub value: String,
    /// The line in the file; `None` for a default.
    pub line: Option<usize>,
}

impl fmt::Display for Setting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, .. } = self;
        // A quoted name may contain any characters, but a setting must be shown in one line.
        let (name, value) = (Printable(&self.name), Printable(&self.value));
        match line {
            Some(line) => write!(formatter, "{name} = {value}  # line {line}"),
            None => write!(formatter, "{name} = {value}  # default"),
        }
    }
}

/// Reads a document: passes its root to `read`. Returns the result with all settings that have a value, or every
/// mistake.
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
        // After a syntax error, the parser guesses the rest; mistakes in a guess would only confuse.
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

/// The state that all sections of one file share.
pub(super) struct Document<'a> {
    text: &'a str,
    mistakes: RefCell<Vec<Mistake>>,
    settings: RefCell<Vec<Setting>>,
}

impl Document<'_> {
    /// Returns the line of an offset, counted from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        1 + self.text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
    }

    /// Returns the text of a range of offsets.
    pub(super) fn text(&self, span: &Range<usize>) -> Option<&str> {
        self.text.get(span.clone())
    }

    /// Notes a mistake at a range of offsets. Reading continues.
    pub(super) fn wrong(&self, setting: &str, span: Range<usize>, reason: &str) {
        self.wrong_in_line(setting, self.line(span.start), reason);
    }

    /// Notes a mistake for which only the line is known.
    pub(super) fn wrong_in_line(&self, setting: &str, line: usize, reason: &str) {
        let mistake = Mistake { line, setting: setting.to_owned(), reason: reason.to_owned() };
        self.mistakes.borrow_mut().push(mistake);
    }

    /// Notes a value in the file.
    pub(super) fn found(&self, name: String, span: Range<usize>) {
        let line = Some(self.line(span.start));
        let value = self.text.get(span).unwrap_or_default();
        let value = mask(&name, &value.split_whitespace().collect::<Vec<_>>().join(" "));
        self.settings.borrow_mut().push(Setting { name, value, line });
    }

    /// Notes a default value.
    pub(super) fn assumed(&self, name: String, value: String) {
        self.settings.borrow_mut().push(Setting { name, value, line: None });
    }
}

/// Masks a value that looks like a secret. Secrets belong in files and in the environment; a secret in the
/// configuration file is not shown.
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
