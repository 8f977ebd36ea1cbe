//! Prometheus' text format, as far as the host's page needs it.

use std::collections::BTreeMap;

/// One line of a page.
pub(crate) struct Sample<'a> {
    pub(crate) name: &'a str,
    labels: BTreeMap<&'a str, String>,
    pub(crate) value: f64,
}

impl Sample<'_> {
    /// A label's value; empty if there is none.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// The samples of a page; lines that are none are passed over.
pub(crate) fn samples(page: &str) -> impl Iterator<Item = Sample<'_>> {
    page.lines().filter(|line| !line.starts_with('#')).filter_map(sample)
}

/// A line such as `orbital_runs_total{case="a",outcome="pass"} 3`.
fn sample(line: &str) -> Option<Sample<'_>> {
    let end_of_name = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(end_of_name);
    let mut labels = BTreeMap::new();
    if let Some(in_braces) = rest.strip_prefix('{') {
        rest = in_braces;
        while !rest.starts_with('}') {
            let (name, value_on) = rest.trim_start_matches(',').split_once("=\"")?;
            let (value, after) = until_quote(value_on)?;
            labels.insert(name, value);
            rest = after;
        }
        rest = &rest[1..];
    }
    Some(Sample { name, labels, value: rest.split_whitespace().next()?.parse().ok()? })
}

/// A label's value, up to the quote that ends it, and what follows.
fn until_quote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[index + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            other => value.push(other),
        }
    }
    None
}
