//! The result of a benchmark: tables, and targets with what was measured.

use std::fmt::{self, Write as _};

use super::table::{Table, number};

/// The result of a benchmark.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    /// Paragraphs and tables, in Markdown.
    pub(crate) text: String,
    pub(crate) targets: Vec<Target>,
}

impl Section {
    /// Creates a section that begins with this paragraph.
    pub(crate) fn new(title: &'static str, introduction: &str) -> Self {
        Self { title, text: format!("{introduction}\n"), targets: Vec::new() }
    }

    pub(crate) fn paragraph(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "\n{text}");
    }

    /// Adds a target that is an upper limit, with a lower one as its goal.
    pub(crate) fn at_most(
        &mut self,
        work: impl Into<String>,
        unit: &'static str,
        (required, goal): (f64, f64),
        measured: f64,
    ) {
        let (required, goal) = (Limit::AtMost(required), Some(Limit::AtMost(goal)));
        self.targets.push(Target { work: work.into(), unit, required, goal, measured });
    }

    pub(crate) fn table(&mut self, table: &Table) {
        let _ = write!(self.text, "\n{table}");
    }
}

impl fmt::Display for Section {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "\n## {}\n\n{}", self.title, self.text)?;
        if !self.targets.is_empty() {
            write!(formatter, "\n{TARGETS}")?;
        }
        self.targets.iter().try_for_each(|target| writeln!(formatter, "{target}"))
    }
}

/// A target, and the measured value.
pub(crate) struct Target {
    pub(crate) work: String,
    pub(crate) unit: &'static str,
    pub(crate) required: Limit,
    pub(crate) goal: Option<Limit>,
    pub(crate) measured: f64,
}

/// How a value must be.
#[derive(Clone, Copy)]
pub(crate) enum Limit {
    AtMost(f64),
    AtLeast(f64),
}

impl Limit {
    /// Returns whether a value is within the limit; one that was not measured is not.
    fn is_met(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(limit) => write!(formatter, "≤ {}", number(*limit)),
            Self::AtLeast(limit) => write!(formatter, "≥ {}", number(*limit)),
        }
    }
}

/// The head of a table of targets.
pub(crate) const TARGETS: &str = "| work | required | goal | measured | required met | goal met |\n| --- | --- | --- | --- | --- | --- |\n";

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { work, unit, required, goal, measured } = self;
        let met = |limit: Limit| if limit.is_met(*measured) { "yes" } else { "**no**" };
        let (goal, goal_met) = match goal {
            Some(goal) => (format!("{goal} {unit}"), met(*goal)),
            None => (String::new(), ""),
        };
        let (measured, required_met) = (number(*measured), met(*required));
        write!(
            formatter,
            "| {work} | {required} {unit} | {goal} | {measured} {unit} | {required_met} | {goal_met} |"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_says_whether_it_is_met() {
        let target = |required, goal, measured| {
            Target { work: "run".to_owned(), unit: "ms", required, goal, measured }.to_string()
        };
        assert_eq!(
            target(Limit::AtMost(1.0), Some(Limit::AtMost(0.6)), 0.8),
            "| run | ≤ 1.00 ms | ≤ 0.600 ms | 0.800 ms | yes | **no** |"
        );
        assert_eq!(target(Limit::AtLeast(1.0), None, f64::NAN), "| run | ≥ 1.00 ms |  | – ms | **no** |  |");
    }
}
