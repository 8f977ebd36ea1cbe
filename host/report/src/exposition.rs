//! Merges several metrics pages into one.
//!
//! The exporter cannot remove a single series, so everything that may be removed has its own recorder. The recorders'
//! pages repeat families; a valid page has each family once, with all its samples together.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// The help text of a metric that tests recorded.
const GUEST_HELP: &str = "Recorded by tests.";

/// The kind of a family without a kind.
const UNTYPED: &str = "untyped";

/// A family of metrics: its samples, and its kind, unless pages disagree on it.
struct Family {
    kind: Option<String>,
    samples: String,
}

/// Merges pages in Prometheus' text format. `help` has the text for each of the host's own families.
///
/// A family has no kind on the page if it has several, because components use its name for different things.
pub(super) fn merge(pages: impl Iterator<Item = String>, help: &[(&str, &str)]) -> String {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    for page in pages {
        let mut current = None;
        for line in page.lines().filter(|line| !line.is_empty()) {
            if let Some(declared) = line.strip_prefix("# TYPE ") {
                let (name, kind) = declared.split_once(' ').unwrap_or((declared, UNTYPED));
                let family = families
                    .entry(name.to_owned())
                    .or_insert_with(|| Family { kind: Some(kind.to_owned()), samples: String::new() });
                if family.kind.as_deref() != Some(kind) {
                    family.kind = None;
                }
                current = Some(family);
            } else if let Some(family) = current.as_mut().filter(|_| !line.starts_with('#')) {
                family.samples.push_str(line);
                family.samples.push('\n');
            }
        }
    }
    let mut merged = String::new();
    for (name, Family { kind, samples }) in &families {
        match kind {
            Some(kind) => write(&mut merged, help, name, kind, samples),
            // Without the kind of a histogram, its parts are separate families. Nothing else may have their names.
            None => {
                for (name, samples) in by_name(samples) {
                    write(&mut merged, help, name, UNTYPED, &samples);
                }
            }
        }
    }
    merged
}

fn write(merged: &mut String, help: &[(&str, &str)], name: &str, kind: &str, samples: &str) {
    if samples.is_empty() {
        return;
    }
    let text = help.iter().find(|(family, _)| *family == name).map_or(GUEST_HELP, |(_, text)| text);
    let _ = writeln!(merged, "# HELP {name} {text}");
    let _ = writeln!(merged, "# TYPE {name} {kind}");
    merged.push_str(samples);
}

fn by_name(samples: &str) -> BTreeMap<&str, String> {
    let mut families: BTreeMap<&str, String> = BTreeMap::new();
    for line in samples.lines() {
        let name = line.split(['{', ' ']).next().unwrap_or(line);
        let family = families.entry(name).or_default();
        family.push_str(line);
        family.push('\n');
    }
    families
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_stands_once_with_all_its_samples() {
        let pages = [
            "# TYPE b counter\nb{x=\"1\"} 1\n\n# TYPE a gauge\na 3\n",
            "# HELP b old\n# TYPE b counter\nb{x=\"2\"} 2\n",
        ];
        let merged = merge(pages.into_iter().map(str::to_owned), &[("b", "What b is.")]);
        assert_eq!(
            merged,
            "# HELP a Recorded by tests.\n# TYPE a gauge\na 3\n# HELP b What b is.\n# TYPE b counter\nb{x=\"1\"} 1\nb{x=\"2\"} 2\n"
        );
    }

    #[test]
    fn a_family_of_several_kinds_has_none_and_loses_no_sample() {
        let pages = [
            "# TYPE x histogram\nx_bucket{c=\"a\",le=\"+Inf\"} 1\nx_sum{c=\"a\"} 2\nx_count{c=\"a\"} 1\n",
            "# TYPE x counter\nx{c=\"b\"} 3\n",
            "# TYPE x gauge\nx{c=\"c\"} 4\n# TYPE y gauge\ny 5\n",
        ];
        let merged = merge(pages.into_iter().map(str::to_owned), &[]);
        let lines: Vec<_> = merged.lines().filter(|line| !line.starts_with("# HELP")).collect();
        assert_eq!(
            lines,
            [
                "# TYPE x untyped",
                "x{c=\"b\"} 3",
                "x{c=\"c\"} 4",
                "# TYPE x_bucket untyped",
                "x_bucket{c=\"a\",le=\"+Inf\"} 1",
                "# TYPE x_count untyped",
                "x_count{c=\"a\"} 1",
                "# TYPE x_sum untyped",
                "x_sum{c=\"a\"} 2",
                "# TYPE y gauge",
                "y 5",
            ]
        );
    }
}
