//! Measured counts next to recorded ones.

use std::fmt;

use super::Counts;

/// How much more or less than recorded a path may execute, in percent.
const TOLERANCE_PERCENT: f64 = 10.0;

/// The counts of all paths, in their order.
pub(crate) struct Comparison(Vec<Line>);

/// The counts of a path. It lacks the recorded one if it is new, and the measured one if it no longer exists.
struct Line {
    path: String,
    recorded: Option<u64>,
    measured: Option<u64>,
}

pub(crate) fn compare(recorded: &Counts, measured: &Counts) -> Comparison {
    let mut paths: Vec<&String> = recorded.keys().chain(measured.keys()).collect();
    paths.sort();
    paths.dedup();
    let line = |path: &String| Line {
        path: path.clone(),
        recorded: recorded.get(path).copied(),
        measured: measured.get(path).copied(),
    };
    Comparison(paths.into_iter().map(line).collect())
}

impl Comparison {
    /// Returns a message for each path that differs too much.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.0.iter().filter_map(Line::fault).collect()
    }

    /// Returns the counts to record. A path that does not differ too much keeps its count: if it grew a little with each
    /// update, no comparison would notice.
    pub(crate) fn updated(&self) -> Counts {
        let kept = |line: &Line| if line.fault().is_none() { line.recorded } else { line.measured };
        self.0.iter().filter_map(|line| Some((line.path.clone(), kept(line)?))).collect()
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.iter().map(|line| line.path.len()).max().unwrap_or_default();
        write!(formatter, "{:width$} {:>10} {:>10} {:>9}", "path", "record", "measured", "change")?;
        let text = |count: Option<u64>| count.map_or("-".to_owned(), |count| count.to_string());
        for line in &self.0 {
            let change = line.change_percent().map_or("-".to_owned(), |change| format!("{change:+.1} %"));
            let (recorded, measured) = (text(line.recorded), text(line.measured));
            write!(formatter, "\n{:width$} {recorded:>10} {measured:>10} {change:>9}", line.path)?;
        }
        Ok(())
    }
}

impl Line {
    /// Returns the difference to the recorded count, which is positive if the path grew.
    fn change_percent(&self) -> Option<f64> {
        let (recorded, measured) = (self.recorded? as f64, self.measured? as f64);
        Some(100.0 * (measured - recorded) / recorded)
    }

    fn fault(&self) -> Option<String> {
        let path = &self.path;
        match (self.recorded, self.measured, self.change_percent()) {
            (None, Some(measured), _) => {
                Some(format!("`{path}` executes {measured} instructions, and is not in the record: add it"))
            }
            (Some(_), None, _) => {
                Some(format!("`{path}` is in the record, and is not a micro-benchmark: remove it"))
            }
            (Some(recorded), Some(measured), Some(change)) if change > TOLERANCE_PERCENT => Some(format!(
                "`{path}` executes {measured} instructions, {change:.1} % more than recorded ({recorded}): \
                 find the cause, or raise the record and say why in the commit"
            )),
            (Some(recorded), Some(measured), Some(change)) if change < -TOLERANCE_PERCENT => Some(format!(
                "`{path}` executes {measured} instructions, {:.1} % less than recorded ({recorded}): \
                 lower the record, which would hide that it grows again",
                -change
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: &[(&str, u64)]) -> Counts {
        all.iter().map(|(path, count)| ((*path).to_owned(), *count)).collect()
    }

    #[test]
    fn a_tenth_more_or_less_is_tolerated() {
        let recorded = counts(&[("a", 1000), ("b", 1000), ("c", 1000)]);
        let measured = counts(&[("a", 1100), ("b", 900), ("c", 1000)]);
        let comparison = compare(&recorded, &measured);
        assert_eq!(comparison.faults(), Vec::<String>::new());
        assert_eq!(comparison.updated(), recorded, "small changes add up");
    }

    #[test]
    fn a_path_that_grew_is_named_with_both_counts() {
        let comparison = compare(&counts(&[("keys::json", 1000)]), &counts(&[("keys::json", 1101)]));
        let faults = comparison.faults();
        let [fault] = faults.as_slice() else { panic!("{faults:?}") };
        for part in ["`keys::json`", "1101", "10.1 % more", "1000", "find the cause"] {
            assert!(fault.contains(part), "{part}: {fault}");
        }
        assert_eq!(comparison.updated(), counts(&[("keys::json", 1101)]));
    }

    #[test]
    fn a_path_that_shrank_lowers_the_record() {
        let comparison = compare(&counts(&[("a", 1000)]), &counts(&[("a", 500)]));
        let faults = comparison.faults();
        assert!(faults.len() == 1 && faults[0].contains("50.0 % less than recorded (1000)"), "{faults:?}");
        assert_eq!(comparison.updated(), counts(&[("a", 500)]));
    }

    #[test]
    fn the_record_has_exactly_the_paths_that_exist() {
        let comparison = compare(&counts(&[("gone", 1), ("same", 2)]), &counts(&[("new", 3), ("same", 2)]));
        let faults = comparison.faults();
        let [gone, new] = faults.as_slice() else { panic!("{faults:?}") };
        assert!(gone.contains("`gone` is in the record"), "{gone}");
        assert!(new.contains("`new` executes 3 instructions, and is not in the record"), "{new}");
        assert_eq!(comparison.updated(), counts(&[("new", 3), ("same", 2)]));
    }

    #[test]
    fn a_record_of_zero_is_exceeded_by_everything() {
        assert_eq!(compare(&counts(&[("a", 0)]), &counts(&[("a", 1)])).faults().len(), 1);
    }

    #[test]
    fn the_table_is_aligned() {
        let recorded = counts(&[("keys::json::20", 1000), ("gone", 7)]);
        let table = compare(&recorded, &counts(&[("keys::json::20", 1250), ("new", 70)])).to_string();
        let expected = "\
path               record   measured    change
gone                    7          -         -
keys::json::20       1000       1250   +25.0 %
new                     -         70         -";
        assert_eq!(table, expected);
    }
}
