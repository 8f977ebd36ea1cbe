//! How often each case ended in which way, read from the host's metrics.

use std::{collections::BTreeMap, fmt};

use anyhow::ensure;

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

    /// Fails, with every reason, unless each expected case passed and no case ended in any other way.
    pub(crate) fn verdict(&self, expected: &[impl AsRef<str>]) -> anyhow::Result<()> {
        let never = expected.iter().map(AsRef::as_ref).filter(|case| self.runs(case, "pass") == 0);
        let mut reasons: Vec<_> = never.map(|case| format!("`{case}` never passed")).collect();
        for (case, outcomes) in &self.0 {
            let others = outcomes.iter().filter(|(outcome, runs)| *outcome != "pass" && **runs > 0);
            reasons.extend(others.map(|(outcome, runs)| format!("`{case}` ended {runs} × with `{outcome}`")));
        }
        ensure!(reasons.is_empty(), "not everything passed: {}", reasons.join(", "));
        Ok(())
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
    fn a_verdict_gives_every_reason() {
        let error = Tally::read(PAGE).verdict(&["rust/smoke", "rust/counters"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "not everything passed: `rust/counters` never passed, `rust/fan-out` ended 2 × with `timeout`"
        );
        let passes = PAGE.lines().filter(|line| !line.contains("timeout")).collect::<Vec<_>>().join("\n");
        assert!(Tally::read(&passes).verdict(&["rust/smoke"]).is_ok());
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
