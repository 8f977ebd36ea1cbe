//! How often each case ended in which way, read from the host's metrics.

use std::{collections::BTreeMap, fmt};

use super::samples::samples;

const METRIC: &str = "orbital_runs_total";

/// The outcomes there are, in the order of the table's columns.
const OUTCOMES: [&str; 5] = ["pass", "fail", "timeout", "error", "cancelled"];

/// Runs per case, `component/case`, and outcome.
pub(crate) struct Tally(BTreeMap<String, BTreeMap<String, u64>>);

impl Tally {
    /// Reads a page in Prometheus' text format, and passes over everything that is not about runs.
    pub(crate) fn read(page: &str) -> Self {
        let mut tally = BTreeMap::<String, BTreeMap<String, u64>>::new();
        for sample in samples(page).filter(|sample| sample.name == METRIC) {
            let case = format!("{}/{}", sample.label("component"), sample.label("case"));
            let outcome = sample.label("outcome").to_owned();
            *tally.entry(case).or_default().entry(outcome).or_default() += sample.value as u64;
        }
        Self(tally)
    }

    /// Returns which of these cases have never passed.
    pub(crate) fn never_passed<'a>(&self, cases: &'a [String]) -> Vec<&'a str> {
        cases.iter().map(String::as_str).filter(|case| self.runs(case, "pass") == 0).collect()
    }

    fn runs(&self, case: &str, outcome: &str) -> u64 {
        self.0.get(case).and_then(|outcomes| outcomes.get(outcome)).copied().unwrap_or(0)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.0.keys().map(String::len).max().unwrap_or(0).max("case".len());
        write!(formatter, "{:width$}", "case")?;
        for outcome in OUTCOMES {
            write!(formatter, "  {outcome:>9}")?;
        }
        writeln!(formatter)?;
        for case in self.0.keys() {
            write!(formatter, "{case:width$}")?;
            for outcome in OUTCOMES {
                write!(formatter, "  {:>9}", self.runs(case, outcome))?;
            }
            writeln!(formatter)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"# HELP orbital_runs_total Runs ended
# TYPE orbital_runs_total counter
orbital_runs_total{component="rust",case="smoke",outcome="pass"} 12
orbital_runs_total{outcome="fail",component="rust",case="smoke"} 0
orbital_runs_total{case="fan-out",component="rust",outcome="timeout"} 2
orbital_runs_flaky_total{component="rust",case="smoke"} 7
orbital_runs_in_flight 3
orbital_runs_total{broken
"#;

    #[test]
    fn runs_are_counted_per_case_and_outcome_in_any_order_of_labels() {
        let tally = Tally::read(PAGE);
        assert_eq!(tally.runs("rust/smoke", "pass"), 12);
        assert_eq!(tally.runs("rust/smoke", "fail"), 0);
        assert_eq!(tally.runs("rust/fan-out", "timeout"), 2);
        assert_eq!(tally.0.len(), 2);
    }

    #[test]
    fn a_label_may_hold_what_ends_a_label() {
        let tally =
            Tally::read(r#"orbital_runs_total{component="a",case="\"},\\",outcome="pass"} 1e0 1700000000"#);
        assert_eq!(tally.runs(r#"a/"},\"#, "pass"), 1);
    }

    #[test]
    fn cases_that_never_passed_are_named() {
        let cases = ["rust/smoke", "rust/counters", "rust/fan-out"].map(str::to_owned);
        assert_eq!(Tally::read(PAGE).never_passed(&cases), ["rust/counters", "rust/fan-out"]);
    }

    #[test]
    fn the_table_has_a_line_per_case() {
        assert_eq!(
            Tally::read(PAGE).to_string(),
            "case               pass       fail    timeout      error  cancelled
rust/fan-out          0          0          2          0          0
rust/smoke           12          0          0          0          0
"
        );
    }
}
