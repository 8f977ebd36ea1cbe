//! A table of a configuration file, read setting by setting.

mod values;

use std::cell::{Cell, RefCell};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::document::Document;

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
mod tests;
