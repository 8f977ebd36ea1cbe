//! A strict reader of Prometheus' text format: whatever is not as it should be panics.

use std::collections::{BTreeMap, BTreeSet};

/// Names and unescaped values.
type Labels = BTreeMap<String, String>;

/// A page.
pub(crate) struct Exposition {
    /// By name.
    pub(crate) families: BTreeMap<String, Family>,
}

/// A metric with all its samples.
#[derive(Debug)]
pub(crate) struct Family {
    /// Such as `counter`.
    pub(crate) kind: String,
    /// Its description.
    pub(crate) help: Option<String>,
    /// In the order of the page.
    pub(crate) samples: Vec<Sample>,
}

/// One line with a value.
#[derive(Debug)]
pub(crate) struct Sample {
    /// The family's name, or that of a part of a histogram.
    pub(crate) name: String,
    /// All of them.
    pub(crate) labels: Labels,
    /// The value.
    pub(crate) value: f64,
}

impl Exposition {
    /// Reads a page: each family has one TYPE line, above all of its samples; nothing stands twice; histograms add
    /// up.
    pub(crate) fn parse(page: &str) -> Self {
        assert!(page.ends_with('\n'), "the last line does not end");
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        let (mut help, mut current): (Option<(&str, &str)>, Option<String>) = (None, None);
        for line in page.lines().filter(|line| !line.is_empty()) {
            if let Some(text) = line.strip_prefix("# HELP ") {
                assert!(help.is_none(), "two HELP lines before one TYPE: {line}");
                help = Some(text.split_once(' ').unwrap_or((text, "")));
            } else if let Some(text) = line.strip_prefix("# TYPE ") {
                let (name, kind) = text.split_once(' ').unwrap();
                assert!(is_name(name, true), "{line}");
                assert!(["counter", "gauge", "histogram", "summary", "untyped"].contains(&kind), "{line}");
                let text = help.take().map(|(of, text)| {
                    assert_eq!(of, name, "HELP and TYPE of two families");
                    text.to_owned()
                });
                let family = Family { kind: kind.to_owned(), help: text, samples: Vec::new() };
                assert!(families.insert(name.to_owned(), family).is_none(), "`{name}` has two TYPE lines");
                current = Some(name.to_owned());
            } else {
                assert!(!line.starts_with('#') && help.is_none(), "{line}");
                let name = current.as_ref().unwrap_or_else(|| panic!("a sample without a TYPE line: {line}"));
                let family = families.get_mut(name).unwrap();
                let sample = Sample::parse(line);
                assert!(belongs(&sample.name, name, &family.kind), "{line} stands among those of `{name}`");
                family.samples.push(sample);
            }
        }
        let mut seen = BTreeSet::new();
        for (name, family) in &families {
            assert!(!family.samples.is_empty(), "`{name}` has no sample");
            for Sample { name, labels, .. } in &family.samples {
                assert!(seen.insert((name, labels)), "{name} {labels:?} stands twice");
            }
            if family.kind == "histogram" {
                check_histogram(name, &family.samples);
            }
        }
        Self { families }
    }
}

impl Sample {
    fn parse(line: &str) -> Self {
        let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("{line}"));
        let (name, mut rest) = line.split_at(end);
        assert!(is_name(name, true), "{line}");
        let mut labels = BTreeMap::new();
        if let Some(inner) = rest.strip_prefix('{') {
            rest = inner;
            while !rest.starts_with('}') {
                let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("{line}"));
                assert!(is_name(label, false), "`{label}` in {line}");
                let (value, after) = quoted(after).unwrap_or_else(|| panic!("{line}"));
                assert!(labels.insert(label.to_owned(), value).is_none(), "`{label}` twice in {line}");
                rest = after.strip_prefix(',').unwrap_or(after);
                assert!(after.starts_with([',', '}']), "{line}");
            }
            rest = &rest[1..];
        }
        let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("{line}"));
        Self { name: name.to_owned(), labels, value: number(value) }
    }
}

/// The text up to the closing quote, and what follows that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    loop {
        match characters.next()? {
            (at, '"') => return Some((value, &text[at + 1..])),
            (_, '\\') => value.push(match characters.next()?.1 {
                'n' => '\n',
                escaped @ ('"' | '\\') => escaped,
                _ => return None,
            }),
            (_, character) => value.push(character),
        }
    }
}

fn is_name(name: &str, colons: bool) -> bool {
    let good = |character: char| {
        character.is_ascii_alphanumeric() || character == '_' || (colons && character == ':')
    };
    name.chars().all(good) && name.starts_with(|first: char| !first.is_ascii_digit())
}

fn belongs(sample: &str, family: &str, kind: &str) -> bool {
    match sample.strip_prefix(family) {
        Some("") => kind != "histogram",
        Some("_bucket") => kind == "histogram",
        Some("_sum" | "_count") => kind == "histogram" || kind == "summary",
        _ => false,
    }
}

/// Each series has buckets that grow up to `+Inf`, which is the count, and a sum.
fn check_histogram(name: &str, samples: &[Sample]) {
    let mut series: BTreeMap<Labels, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        let mut labels = sample.labels.clone();
        let has_bound = labels.remove("le").is_some();
        assert_eq!(sample.name.ends_with("_bucket"), has_bound, "{sample:?}");
        series.entry(labels).or_default().push(sample);
    }
    for (labels, samples) in series {
        let part = |part: &str| -> Vec<&Sample> {
            let full = format!("{name}{part}");
            samples.iter().filter(|sample| sample.name == full).copied().collect()
        };
        let buckets: Vec<(f64, f64)> =
            part("_bucket").iter().map(|bucket| (number(&bucket.labels["le"]), bucket.value)).collect();
        let grows = buckets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
        assert!(grows, "{name} {labels:?}: {buckets:?}");
        let (count, sum) = (part("_count"), part("_sum"));
        assert_eq!((count.len(), sum.len()), (1, 1), "{name} {labels:?}");
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, count[0].value)), "{name} {labels:?}");
        assert!(sum[0].value >= 0.0, "{name} {labels:?}");
    }
}

fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        text => text.parse().unwrap_or_else(|error| panic!("`{text}`: {error}")),
    }
}
