//! The file with the recorded counts.

use std::{collections::BTreeMap, env::consts::ARCH};

use anyhow::ensure;

use super::Counts;

/// The first lines of the file.
const HEAD: &str = "\
# Instructions per operation of the hot paths, which are the micro-benchmarks. `cargo xtask instructions` compares them, and
# `--update` writes this file. There is a table for each kind of processor.
";

/// The recorded counts of each kind of processor: of `x86_64`, for example.
pub(crate) struct Record(BTreeMap<String, Counts>);

impl Record {
    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let record = Self(toml::from_str(text)?);
        for (path, count) in record.0.values().flatten() {
            ensure!(*count > 0, "`{path}` executes no instructions");
        }
        Ok(record)
    }

    /// Returns the counts of this machine's kind of processor. Empty if the file has no table for it.
    pub(crate) fn counts(&self) -> Counts {
        self.0.get(ARCH).cloned().unwrap_or_default()
    }

    /// Replaces the counts of this machine's kind of processor.
    pub(crate) fn set(&mut self, counts: Counts) {
        self.0.insert(ARCH.to_owned(), counts);
    }

    /// Returns the content of the file.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        Ok(format!("{HEAD}\n{}", toml::to_string(&self.0)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_record_is_read_as_it_was_written() {
        let mut record = Record::parse("[other]\n\"keys::json::0\" = 12\n").unwrap();
        assert_eq!(record.counts(), Counts::new(), "another processor executes others");
        let counts = Counts::from([("keys::header".to_owned(), 34), ("keys::json::0".to_owned(), 56)]);
        record.set(counts.clone());
        let text = record.text().unwrap();
        let table = format!("\n[{ARCH}]\n\"keys::header\" = 34\n\"keys::json::0\" = 56\n");
        assert!(text.starts_with(HEAD) && text.contains(&table), "{text}");
        assert!(text.contains("[other]\n\"keys::json::0\" = 12\n"), "{text}");
        assert_eq!(Record::parse(&text).unwrap().counts(), counts);
    }

    #[test]
    fn what_is_not_a_count_is_an_error() {
        for text in
            ["[x86_64]\na = -1", "[x86_64]\na = 0", "[x86_64]\na = 1.5", "[x86_64]\na = 1\na = 2", "a = 1"]
        {
            assert!(Record::parse(text).is_err(), "{text}");
        }
    }
}
