//! A table of a configuration file, read setting by setting.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::document::Document;

/// The maximum duration that a setting may have.
const MAX_DURATION: Duration = Duration::from_secs(49 * 24 * 3600);

/// A table, or a missing one: a section that is not in the file reads as empty, so that defaults are in one place.
/// Every setting that is requested is known; [`Section::finish`] reports the others.
pub struct Section<'a> {
    document: &'a Document<'a>,
    path: String,
    line: usize,
    table: Option<&'a DeTable<'a>>,
    known: RefCell<Vec<&'static str>>,
    /// Whether the names of tables in this section are chosen by the user.
    is_open: Cell<bool>,
}

impl<'a> Section<'a> {
    /// Returns the section of the whole document.
    pub(super) fn root(document: &'a Document<'a>, table: &'a DeTable<'a>) -> Self {
        Self {
            document,
            path: String::new(),
            line: 1,
            table: Some(table),
            known: RefCell::default(),
            is_open: Cell::default(),
        }
    }

    /// Reads a table in this section. Its unknown settings are reported when `read` returns.
    pub fn section<T>(&self, name: &'static str, read: impl FnOnce(&Section<'_>) -> T) -> T {
        let value = self.take(name);
        self.read_table(name, value, read)
    }

    /// Reads every table in a table whose names are chosen by the user, such as `[targets.api]`.
    pub fn sections<T>(
        &self,
        name: &'static str,
        mut read: impl FnMut(&str, &Section<'_>) -> Option<T>,
    ) -> Vec<(String, T)> {
        let Some(value) = self.take(name) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(name, value.span(), "must be a table");
            return Vec::new();
        };
        let mut all = Vec::new();
        for (key, value) in table {
            let key = key.get_ref().to_string();
            let place = format!("{name}.{key}");
            if let Some(item) = self.read_table(&place, Some(value), |section| read(&key, section)) {
                all.push((key, item));
            }
        }
        all
    }

    /// Reads every table in this section that is not a setting, such as `[components."checkout*"]`, in the order of the
    /// file. The settings must have been read before.
    pub fn other_sections<T>(&self, mut read: impl FnMut(&str, &Section<'_>) -> Option<T>) -> Vec<T> {
        self.is_open.set(true);
        let known = self.known.borrow().clone();
        let is_other = |key: &str, value: &DeValue<'_>| value.as_table().is_some() && !known.contains(&key);
        let tables = self.table.into_iter().flatten();
        let mut others: Vec<_> =
            tables.filter(|(key, value)| is_other(key.get_ref(), value.get_ref())).collect();
        others.sort_by_key(|(key, _)| key.span().start);
        let read = |(key, value): (&Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>)| {
            let key = key.get_ref();
            self.read_table(&format!("{key:?}"), Some(value), |section| read(key, section))
        };
        others.into_iter().filter_map(read).collect()
    }

    /// Reads an array of tables. `read` gets each table as a section, whose path contains its index.
    pub fn list<T>(
        &self,
        name: &'static str,
        mut read: impl FnMut(&Section<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let value = self.take(name)?;
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(name, value.span(), "must be a list of tables such as `[{ … }, { … }]`");
            return None;
        };
        let items: Vec<T> = array
            .iter()
            .enumerate()
            .filter_map(|(index, item)| self.read_table(&format!("{name}[{index}]"), Some(item), &mut read))
            .collect();
        // Only a list that is empty in the file reads as empty; entries with mistakes were already reported.
        (array.is_empty() || !items.is_empty()).then_some(items)
    }

    /// Reads an array of strings, or of tables for items with more settings, such as `["status", { name = "api" }]`.
    pub fn items<T>(
        &self,
        name: &'static str,
        mut parse: impl FnMut(&str) -> Result<T, String>,
        mut read: impl FnMut(&Section<'_>) -> Option<T>,
    ) -> Vec<T> {
        self.array(name, |place, item| match item.get_ref() {
            DeValue::String(text) => Some(resolved(text).and_then(&mut parse)),
            DeValue::Table(_) => self.read_table(place, Some(item), &mut read).map(Ok),
            other => Some(Err(format!("must be a string or a table, not {}", kind(other)))),
        })
    }

    /// Reads an array of strings.
    pub fn texts<T>(&self, name: &'static str, mut parse: impl FnMut(&str) -> Result<T, String>) -> Vec<T> {
        self.array(name, |_, item| match item.get_ref() {
            DeValue::String(text) => Some(resolved(text).and_then(&mut parse)),
            other => Some(Err(format!("must be a string, not {}", kind(other)))),
        })
    }

    /// Reads an array of strings, or a single string.
    pub fn text_or_texts<T>(
        &self,
        name: &'static str,
        parse: impl FnMut(&str) -> Result<T, String>,
    ) -> Vec<T> {
        match self.find(name) {
            Some(value) if value.get_ref().is_str() => self.parsed(name, parse).into_iter().collect(),
            _ => self.texts(name, parse),
        }
    }

    /// Reads an array. The mistakes of an item for which `read` returns `None` were already reported.
    fn array<T>(
        &self,
        name: &'static str,
        mut read: impl FnMut(&str, &'a Spanned<DeValue<'a>>) -> Option<Result<T, String>>,
    ) -> Vec<T> {
        let Some(value) = self.take(name) else { return Vec::new() };
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(name, value.span(), &format!("must be a list, not {}", kind(value.get_ref())));
            return Vec::new();
        };
        let mut items = Vec::new();
        for (index, item) in array.iter().enumerate() {
            let place = format!("{name}[{index}]");
            match read(&place, item) {
                Some(Ok(item)) => items.push(item),
                Some(Err(reason)) => self.wrong(&place, item.span(), &reason),
                None => {}
            }
        }
        items
    }

    /// Reads a table whose names and values are strings, such as headers. `parse` converts each pair to an item.
    pub fn strings<T>(
        &self,
        name: &'static str,
        mut parse: impl FnMut(&str, &str) -> Result<T, String>,
    ) -> Vec<T> {
        let parse = |name: &str, value: &str| resolved(value).and_then(|value| parse(name, value));
        self.take(name).map(|value| self.read_strings(name, value, parse)).unwrap_or_default()
    }

    /// Reads a table whose values are texts for tests. The meaning of `${…}` within such a text is up to the test.
    pub fn texts_for_tests(&self, name: &'static str) -> Vec<(String, String)> {
        self.take(name).map(|value| self.read_strings(name, value, text_for_test)).unwrap_or_default()
    }

    /// Reads every table of texts for tests in a table whose names are chosen by the user, such as `[config.checkout]`.
    pub fn tables_of_strings(&self, name: &'static str) -> Vec<(String, Vec<(String, String)>)> {
        let Some(value) = self.take(name) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(name, value.span(), "must be a table of tables");
            return Vec::new();
        };
        let read = |(key, value): (&Spanned<DeString<'a>>, &'a Spanned<DeValue<'a>>)| {
            let key = key.get_ref().to_string();
            let strings = self.read_strings(&format!("{name}.{key}"), value, text_for_test);
            (key, strings)
        };
        table.iter().map(read).collect()
    }

    fn read_strings<T>(
        &self,
        place: &str,
        value: &'a Spanned<DeValue<'a>>,
        mut parse: impl FnMut(&str, &str) -> Result<T, String>,
    ) -> Vec<T> {
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(place, value.span(), "must be a table of strings");
            return Vec::new();
        };
        let mut all = Vec::new();
        for (key, value) in table {
            let parsed = match value.get_ref().as_str() {
                Some(text) => parse(key.get_ref(), text),
                None => Err(format!("must be a string, not {}", kind(value.get_ref()))),
            };
            match parsed {
                Ok(item) => {
                    self.document.found(self.place(&format!("{place}.{}", key.get_ref())), value.span());
                    all.push(item);
                }
                Err(reason) => self.wrong(&format!("{place}.{}", key.get_ref()), value.span(), &reason),
            }
        }
        all
    }

    /// Reads a string without secrets.
    pub fn string(&self, name: &'static str) -> Option<String> {
        self.parsed(name, |text| match text.contains("${secret.") {
            true => Err("secrets are not supported here; write the value itself".to_owned()),
            false => Ok(text.to_owned()),
        })
    }

    /// Reads a string, or returns its default.
    pub fn string_or(&self, name: &'static str, default: &str) -> String {
        self.string(name)
            .unwrap_or_else(|| self.assume(name, default.to_owned(), |default| format!("{default:?}")))
    }

    /// Reads a string that `parse` understands; the error of `parse` is reported as the reason.
    pub fn parsed<T>(&self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = self.take(name)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(name, value.span(), &format!("must be a string, not {}", kind(value.get_ref())));
            return None;
        };
        match resolved(text).and_then(parse) {
            Ok(parsed) => Some(parsed),
            Err(reason) => {
                self.wrong(name, value.span(), &reason);
                None
            }
        }
    }

    /// Reads a duration such as `"300ms"` or `"1m 30s"`, above zero and of at most 49 days (the maximum of the
    /// contract's milliseconds), or returns its default.
    pub fn duration(&self, name: &'static str, default: Duration) -> Duration {
        self.optional_duration(name).unwrap_or_else(|| {
            self.assume(name, default, |default| format!("\"{}\"", humantime::format_duration(default)))
        })
    }

    /// Reads a duration above zero and of at most 49 days, if it is set.
    pub fn optional_duration(&self, name: &'static str) -> Option<Duration> {
        self.parsed(name, |text| {
            let duration = humantime::parse_duration(text).map_err(|error| {
                format!("`{text}` is not a duration such as `300ms` or `1m 30s`: {error}")
            })?;
            match duration {
                Duration::ZERO => Err("must be above zero".to_owned()),
                long if long > MAX_DURATION => Err(format!("`{text}` is longer than 49 days")),
                duration => Ok(duration),
            }
        })
    }

    /// Reads a moment such as `2026-12-24T20:00:00Z`, as a TOML date or as a string. Returns the time since the Unix
    /// epoch.
    pub fn moment(&self, name: &'static str) -> Option<Duration> {
        let value = self.take(name)?;
        let text = match value.get_ref() {
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::String(text) => text.to_string(),
            other => {
                self.wrong(name, value.span(), &format!("must be a moment, not {}", kind(other)));
                return None;
            }
        };
        let seconds =
            text.parse().ok().and_then(|moment: jiff::Timestamp| u64::try_from(moment.as_second()).ok());
        if seconds.is_none() {
            let reason = format!("`{text}` is not a moment with its zone, such as `2026-12-24T20:00:00Z`");
            self.wrong(name, value.span(), &reason);
        }
        seconds.map(Duration::from_secs)
    }

    /// Reads `true` or `false`, or returns the default.
    pub fn boolean(&self, name: &'static str, default: bool) -> bool {
        self.optional_boolean(name)
            .unwrap_or_else(|| self.assume(name, default, |default| default.to_string()))
    }

    /// Reads `true` or `false`, if it is set.
    pub fn optional_boolean(&self, name: &'static str) -> Option<bool> {
        let value = self.take(name)?;
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            self.wrong(name, value.span(), &format!("must be true or false, not {}", kind(value.get_ref())));
        }
        boolean
    }

    /// Reads a number of bytes such as `"64KiB"` or `"1MiB"`, within a range, or returns its default.
    pub fn bytes(&self, name: &'static str, range: RangeInclusive<u64>, default: u64) -> usize {
        let bytes = self.optional_bytes(name, range).unwrap_or_else(|| {
            self.assume(name, default, |default| {
                format!("\"{}\"", bytesize::ByteSize(default)).replace(' ', "")
            })
        });
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// Reads a number of bytes within a range, if it is set.
    pub fn optional_bytes(&self, name: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        self.parsed(name, |text| {
            let bytes = bytesize::ByteSize::from_str(text)
                .map_err(|_| format!("`{text}` is not a size such as `64KiB` or `1MiB`"))?
                .as_u64();
            if range.contains(&bytes) {
                return Ok(bytes);
            }
            let (least, most) = (bytesize::ByteSize(*range.start()), bytesize::ByteSize(*range.end()));
            Err(format!("`{text}` is not between {least} and {most}"))
        })
    }

    /// Reads a whole number within a range, or returns its default.
    pub fn integer(&self, name: &'static str, range: RangeInclusive<usize>, default: usize) -> usize {
        self.optional_integer(name, range)
            .unwrap_or_else(|| self.assume(name, default, |default| default.to_string()))
    }

    /// Reads a whole number within a range, if it is set.
    pub fn optional_integer(&self, name: &'static str, range: RangeInclusive<usize>) -> Option<usize> {
        let value = self.take(name)?;
        let number = value.get_ref().as_integer().and_then(|integer| {
            usize::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
        });
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            self.wrong(name, value.span(), &format!("must be a whole number from {least} to {most}"));
        }
        number
    }

    /// Reads an address to listen on, such as `127.0.0.1:8710`, or returns its default.
    pub fn address(&self, name: &'static str, default: SocketAddr) -> SocketAddr {
        self.parsed(name, |text| {
            text.parse().map_err(|_| {
                format!("`{text}` is not an IP address with a port, such as `127.0.0.1:8710` or `[::1]:8710`")
            })
        })
        .unwrap_or_else(|| self.assume(name, default, |default| format!("\"{default}\"")))
    }

    /// Notes the default that is used if the file does not have this setting, for lists of all settings in use.
    pub fn default_is(&self, name: &str, shown: &str) {
        self.assume(name, (), |()| shown.to_owned());
    }

    /// Returns whether the file has this setting.
    pub fn has(&self, name: &str) -> bool {
        self.table.is_some_and(|table| table.keys().any(|key| key.get_ref() == name))
    }

    /// Notes that this section as a whole is wrong.
    pub fn mistake(&self, reason: impl Into<String>) {
        self.document.wrong_in_line(&self.path, self.line, &reason.into());
    }

    /// Notes that a setting of this section is wrong.
    pub fn mistake_at(&self, name: &str, reason: &str) {
        let span = self.find(name).map(Spanned::span).unwrap_or_default();
        self.wrong(name, span, reason);
    }

    /// Notes that a setting of a section in this one is wrong.
    pub fn mistake_in(&self, section: &str, name: &str, reason: &str) {
        let table = self.find(section).and_then(|value| value.get_ref().as_table());
        let value = table.and_then(|table| table.iter().find(|(key, _)| key.get_ref() == name));
        let span = value.map(|(_, value)| value.span()).unwrap_or_default();
        self.wrong(&format!("{section}.{name}"), span, reason);
    }

    fn read_table<T>(
        &self,
        name: &str,
        value: Option<&'a Spanned<DeValue<'a>>>,
        read: impl FnOnce(&Section<'_>) -> T,
    ) -> T {
        let table = value.and_then(|value| value.get_ref().as_table());
        if let (Some(value), None) = (value, table) {
            self.wrong(name, value.span(), "must be a table");
        }
        let line = value.map_or(self.line, |value| self.document.line(value.span().start));
        let section = Section {
            document: self.document,
            path: self.place(name),
            line,
            table,
            known: RefCell::default(),
            is_open: Cell::default(),
        };
        let item = read(&section);
        section.finish();
        item
    }

    pub(super) fn finish(&self) {
        let known = self.known.borrow();
        for (key, value) in self.table.into_iter().flatten() {
            let name = key.get_ref().as_ref();
            if known.contains(&name) || (self.is_open.get() && value.get_ref().is_table()) {
                continue;
            }
            let near = known
                .iter()
                .map(|candidate| (strsim::damerau_levenshtein(candidate, name), candidate))
                .min()
                .filter(|(distance, candidate)| *distance <= 2 && *distance < candidate.len());
            let remedy = match near {
                Some((_, candidate)) => format!("did you mean `{candidate}`?"),
                None if known.is_empty() => "nothing can be set here".to_owned(),
                None => format!("known here: `{}`", known.join("`, `")),
            };
            self.wrong(name, key.span(), &format!("unknown setting; {remedy}"));
        }
    }

    fn take(&self, name: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.known.borrow_mut().push(name);
        let value = self.find(name)?;
        // The contents of a table are noted when the table is read.
        let holds_tables = match value.get_ref() {
            DeValue::Table(_) => true,
            DeValue::Array(array) => array.iter().any(|item| item.get_ref().is_table()),
            _ => false,
        };
        if !holds_tables {
            self.document.found(self.place(name), value.span());
        }
        Some(value)
    }

    /// Notes that a default is used.
    fn assume<T: Clone>(&self, name: &str, value: T, shown: impl FnOnce(T) -> String) -> T {
        if !self.has(name) {
            self.document.assumed(self.place(name), shown(value.clone()));
        }
        value
    }

    fn find(&self, name: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.table?.iter().find(|(key, _)| key.get_ref() == name).map(|(_, value)| value)
    }

    fn wrong(&self, name: &str, span: Range<usize>, reason: &str) {
        // An unresolved reference is the reason, whatever else is wrong with such a value.
        let unresolved = self.document.text(&span).and_then(|text| resolved(text).err());
        self.document.wrong(&self.place(name), span, unresolved.as_deref().unwrap_or(reason));
    }

    fn place(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// Returns a value, unless it contains a reference to something other than a secret, such as `${HOME}`.
///
/// # Errors
/// The value contains such a reference.
pub fn resolved(text: &str) -> Result<&str, String> {
    for part in text.split("${").skip(1) {
        if let Some((name, _)) = part.split_once('}').filter(|(name, _)| !name.starts_with("secret.")) {
            let variable = name.strip_prefix("env.").unwrap_or(name);
            let variable = variable.split(|letter: char| !letter.is_alphanumeric() && letter != '_').next();
            let variable = variable.unwrap_or_default();
            return Err(format!(
                "`${{{name}}}` is not known: variables are not put into the configuration. Write the value itself or, in a \
                 setting that takes secrets, `${{secret.NAME}}`, with a section `[secrets.NAME]` that says where it is \
                 from, such as `env = {variable:?}`"
            ));
        }
    }
    Ok(text)
}

/// Reads a text for a test, which may use `${…}` in its own way. It is rejected only if it consists of nothing but an
/// unknown reference.
fn text_for_test(name: &str, value: &str) -> Result<(String, String), String> {
    let is_reference = value.starts_with("${") && value.find('}') == Some(value.len() - 1);
    if is_reference {
        resolved(value)?;
    }
    pair(name, value)
}

/// Returns a name and a value unchanged.
pub fn pair(name: &str, value: &str) -> Result<(String, String), String> {
    Ok((name.to_owned(), value.to_owned()))
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn reasons(text: &str, read: impl FnOnce(&Section<'_>)) -> Vec<String> {
        parse(text, read).unwrap_err().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_mistake_is_reported_at_once_with_line_and_remedy() {
        let text = "[webhook]\nlistn = 1\nmax_body = \"big\"\n\n[nonsense]\nx = 1\n";
        let found = reasons(text, |root| {
            root.section("webhook", |section| {
                section.string("listen");
                section.bytes("max_body", 1..=1024, 1);
            });
        });
        assert_eq!(
            found,
            [
                "line 2: `webhook.listn`: unknown setting; did you mean `listen`?",
                "line 3: `webhook.max_body`: `big` is not a size such as `64KiB` or `1MiB`",
                "line 5: `nonsense`: unknown setting; known here: `webhook`",
            ]
        );
    }

    #[test]
    fn a_mistake_of_syntax_has_its_line() {
        let found = reasons("[webhook\nlisten = \"x\"\n", |root| {
            root.section("webhook", |section| section.string("listen"));
        });
        assert!(found[0].starts_with("line 1: "), "{found:?}");
    }

    #[test]
    fn durations_have_bounds() {
        let found = reasons("a = \"0s\"\nb = \"9 weeks\"\nc = \"soon\"\nd = 3\n", |root| {
            for name in ["a", "b", "c", "d"] {
                root.duration(name, Duration::from_secs(1));
            }
        });
        assert_eq!(found.len(), 4);
        assert_eq!(found[0], "line 1: `a`: must be above zero");
        assert_eq!(found[3], "line 4: `d`: must be a string, not a number");
    }

    #[test]
    fn a_reference_that_is_not_resolved_is_a_mistake_in_every_kind_of_setting() {
        let text = "string = \"a ${ENV}\"\nduration = \"${ENV}\"\ninteger = \"${ENV}\"\nlist = [\"${ENV}\"]\n\
                    [table]\nx = \"${ENV}\"\n[tests]\nx = \"${ENV}\"\ny = \"hello ${name}\"\nz = \"${secret.a}\"\n";
        let found = reasons(text, |root| {
            root.string("string");
            root.optional_duration("duration");
            root.optional_integer("integer", 1..=2);
            root.texts("list", |text| Ok(text.to_owned()));
            root.strings("table", pair);
            root.texts_for_tests("tests");
        });
        let names: Vec<_> = found.iter().map(|one| one.split('`').nth(1).unwrap()).collect();
        assert_eq!(names, ["string", "duration", "integer", "list[0]", "table.x", "tests.x"]);
        for reason in &found {
            assert!(
                reason.contains("`${ENV}` is not known") && reason.contains("`env = \"ENV\"`"),
                "{reason}"
            );
            assert!(reason.contains("`${secret.NAME}`"), "{reason}");
        }
    }

    #[test]
    fn a_secret_where_none_is_put_in_is_a_mistake() {
        let found = reasons("path = \"/srv/${secret.a}\"\n", |root| drop(root.string("path")));
        assert_eq!(found, ["line 1: `path`: secrets are not supported here; write the value itself"]);
    }

    #[test]
    fn what_is_not_in_the_file_has_its_default() {
        let limit =
            parse("", |root| root.section("webhook", |section| section.bytes("max_body", 1..=1024, 7)));
        assert_eq!(limit.unwrap().0, 7);
    }
}
