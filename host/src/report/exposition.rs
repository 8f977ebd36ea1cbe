//! Many metrics pages as one.
//!
//! The exporter cannot forget a single series, so each thing that may go has a recorder of its own. Their
//! pages repeat families; a valid page has each family once, with all its samples together.

use std::collections::BTreeMap;
use std::fmt::Write as _;

/// What is said of a metric that the host did not make.
const GUEST_HELP: &str = "Recorded by tests.";

/// Merges pages in Prometheus' text format. `help` has the text for each family of the host's own.
pub(super) fn merge(pages: impl Iterator<Item = String>, help: &[(&str, &str)]) -> String {
    let mut families: BTreeMap<String, (String, String)> = BTreeMap::new();
    for page in pages {
        let mut current = None;
        for line in page.lines().filter(|line| !line.is_empty()) {
            if let Some(declared) = line.strip_prefix("# TYPE ") {
                let (name, kind) = declared.split_once(' ').unwrap_or((declared, "untyped"));
                let family = families.entry(name.to_owned());
                current = Some(family.or_insert_with(|| (kind.to_owned(), String::new())));
            } else if let Some((_, samples)) = current.as_mut().filter(|_| !line.starts_with('#')) {
                samples.push_str(line);
                samples.push('\n');
            }
        }
    }
    let mut merged = String::new();
    for (name, (kind, samples)) in families.iter().filter(|(_, (_, samples))| !samples.is_empty()) {
        let text = help.iter().find(|(family, _)| family == name).map_or(GUEST_HELP, |(_, text)| text);
        let _ = writeln!(merged, "# HELP {name} {text}");
        let _ = writeln!(merged, "# TYPE {name} {kind}");
        merged.push_str(samples);
    }
    merged
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
}
