//! Runs as text for people, in the format of Go's `testing`.

use std::fmt::Write as _;
use std::time::Duration;

use uuid::Uuid;

use crate::text::Printable;
use crate::{Attempt, LogLevel, LogSource, Outcome, Report, Step, StepKind};

/// Steps shown from the beginning of a long timeline.
const FIRST: usize = 20;

/// Steps shown from the end of a long timeline.
const LAST: usize = 30;

/// Returns one line for a run that passed; for each attempt that did not, also the reasons and the timeline.
pub fn describe(report: &Report) -> String {
    describe_those(report, |attempt| attempt.outcome != Outcome::Pass)
}

/// Returns the outcome with the timeline of every attempt, even if it passed.
pub fn describe_fully(report: &Report) -> String {
    describe_those(report, |_| true)
}

fn describe_those(report: &Report, is_shown: impl Fn(&Attempt) -> bool) -> String {
    let verdict = match report.outcome {
        Outcome::Pass => "PASS",
        Outcome::Fail => "FAIL",
        Outcome::Timeout => "TIMEOUT",
        Outcome::Error => "ERROR",
        Outcome::Cancelled => "CANCELLED",
    };
    let flaky = match report.flaky {
        true => format!(", flaky: attempt {} passed", report.attempts.len()),
        false => String::new(),
    };
    let mut text = format!("--- {verdict}: {} ({}{flaky})\n", report.case, short(report.duration));
    for (index, attempt) in report.attempts.iter().enumerate() {
        if !is_shown(attempt) {
            continue;
        }
        if report.attempts.len() > 1 {
            let (number, outcome) = (index + 1, attempt.outcome.name());
            let _ = writeln!(text, "    attempt {number}: {outcome} ({})", short(attempt.duration));
        }
        for message in &attempt.messages {
            indent(&mut text, "    ", message);
        }
        timeline(&mut text, report.run, attempt);
    }
    text
}

/// Appends the steps: of a long timeline, its beginning and its end.
fn timeline(text: &mut String, run: Uuid, attempt: &Attempt) {
    let steps = &attempt.timeline;
    if steps.is_empty() {
        let _ = writeln!(text, "    run {run} made no call");
        return;
    }
    let _ = writeln!(text, "    timeline of run {run}:");
    let left_out = if steps.len() > FIRST + LAST { FIRST..steps.len() - LAST } else { 0..0 };
    for (index, step) in steps.iter().enumerate() {
        if index == left_out.start && !left_out.is_empty() {
            let _ = writeln!(text, "      … {} steps …", left_out.len());
        }
        if !left_out.contains(&index) {
            let at = step.at.as_secs_f64() * 1e3;
            indent(text, &format!("      {at:>9.1}ms  "), &step.text());
        }
    }
    if attempt.omitted > 0 {
        let _ = writeln!(text, "      … and {} more steps, which were not kept", attempt.omitted);
    }
}

/// Appends lines, indenting all but the first one to the start of the first one's text.
fn indent(text: &mut String, first: &str, lines: &str) {
    let others = " ".repeat(first.chars().count());
    for (index, line) in lines.lines().enumerate() {
        let prefix = if index == 0 { first } else { &others };
        let _ = writeln!(text, "{prefix}{}", Printable(line));
    }
}

impl Step {
    /// Returns the step as text: what happened, how long it took, and the bodies that explain it.
    pub fn text(&self) -> String {
        let mut text = self.what.headline();
        if let StepKind::Send { status: Some(400..), answer: Some(answer), .. } = &self.what {
            let _ = write!(text, ": {}", answer.trim_end());
        }
        if let Some(took) = self.took {
            let _ = write!(text, " ({})", short(took));
        }
        if let StepKind::Delivery { body, .. } = &self.what {
            let _ = write!(text, ": {body}");
        }
        text
    }
}

impl StepKind {
    /// Returns what happened as text, without bodies: one line, if the texts in it are.
    pub fn headline(&self) -> String {
        match self {
            Self::Log { level, source, message, fields } => {
                let fields: String = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
                format!("{}: {message}{fields}", source.label(*level))
            }
            Self::Fail { message } => format!("fail: {message}"),
            Self::NewId { key } => format!("new key `{key}`"),
            Self::Expect { key, error: None } => format!("expects `{key}`"),
            Self::Expect { key, error: Some(error) } => format!("cannot expect `{key}`: {error}"),
            Self::Send { target, method, path, key, status, error, .. } => {
                let key = key.as_ref().map(|key| format!(", key `{key}`")).unwrap_or_default();
                let end = match (status, error) {
                    (Some(status), _) => format!("answered {status}"),
                    (None, error) => format!("no answer: {}", error.as_deref().unwrap_or("unknown")),
                };
                // A host that is no target has its whole URL.
                let place = match path.starts_with('/') || path.is_empty() {
                    true => format!("`{target}`{path}"),
                    false => format!("`{path}`"),
                };
                format!("{method} to {place}{key}: {end}")
            }
            Self::Wait { keys, n, error, .. } => {
                format!("waited for {}{}", deliveries(*n, keys), reason("", error))
            }
            Self::Delivery { key, method, path, latency, answered, answered_after, taken, body: _ } => {
                let after =
                    answered_after.map(|after| format!(" after {}", short(after))).unwrap_or_default();
                let answered =
                    answered.map(|status| format!(", answered {status}{after}")).unwrap_or_default();
                let latency = latency.map(|latency| format!(", {} after the event", short(latency)));
                let latency = latency.unwrap_or_default();
                let taken = if *taken { "" } else { ", never waited for" };
                format!("delivery {method} {path}, key `{key}`{latency}{answered}{taken}")
            }
            Self::CutShort { call } => format!("{call}: cut short"),
            Self::Sleep { .. } => "slept".to_owned(),
            Self::Metric { kind, name, value, error } => {
                format!("{} {name}: {value}{}", kind.name(), reason("rejected: ", error))
            }
            Self::Read { name, value } => format!("read {name}: {value}"),
        }
    }
}

impl LogSource {
    /// Returns the label of a line: its level, or the stream that it was written to.
    pub fn label(self, level: LogLevel) -> &'static str {
        match self {
            Self::Log => level.name(),
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

fn reason(before: &str, error: &Option<String>) -> String {
    error.as_ref().map(|error| format!(": {before}{error}")).unwrap_or_default()
}

/// Returns a number of deliveries as text: "a delivery with key `x`", "3 deliveries with one of the keys `x`, `y`".
pub fn deliveries(n: u32, keys: &[String]) -> String {
    const SHOWN: usize = 3;
    let count = if n == 1 { "a delivery".to_owned() } else { format!("{n} deliveries") };
    let mut names = keys.iter().take(SHOWN).map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    if keys.len() > SHOWN {
        let _ = write!(names, " and {} more", keys.len() - SHOWN);
    }
    format!("{count} with {} {names}", if keys.len() == 1 { "key" } else { "one of the keys" })
}

/// Returns a number with its noun, whose plural ends in `s` or `ies`: `1 request`, `2 deliveries`.
pub fn counted(count: u64, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if count == 1 => format!("1 {noun}"),
        Some(stem) => format!("{count} {stem}ies"),
        None => format!("{count} {noun}s"),
    }
}

/// Returns a duration with three digits and a unit: `12.3ms`, `1.20s`.
pub fn short(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s < 1e-3 => format!("{:.0}µs", s * 1e6),
        s if s < 1.0 => format!("{:.1}ms", s * 1e3),
        s => format!("{s:.2}s"),
    }
}
