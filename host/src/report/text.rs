//! A run in words, in the manner of Go's `testing`.

use std::fmt::Write as _;
use std::time::Duration;

use orbital_model::Outcome;
use orbital_model::text::Printable;
use uuid::Uuid;

use crate::guest::{Happening, LogSource, Step};
use crate::report::{Attempt, Report};

/// Steps shown of the beginning of a long timeline.
const FIRST: usize = 20;

/// Steps shown of its end.
const LAST: usize = 30;

/// One line for a run that passed; below it, for each attempt that did not, the reasons and the timeline.
pub fn describe(report: &Report) -> String {
    describe_those(report, |attempt| attempt.outcome != Outcome::Pass)
}

/// The same with the timeline of every attempt, also of one that passed.
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
    let mut text = format!("--- {verdict}: {} ({}{flaky})\n", report.case_id(), short(report.duration));
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

/// The steps; of a long timeline its beginning and its end.
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
            indent(text, &format!("      {at:>9.1}ms  "), &happening(step));
        }
    }
    if attempt.omitted > 0 {
        let _ = writeln!(text, "      … and {} steps more, which were not kept", attempt.omitted);
    }
}

/// Adds lines, those after the first one as far to the right as the first one's text.
fn indent(text: &mut String, first: &str, lines: &str) {
    let others = " ".repeat(first.chars().count());
    for (index, line) in lines.lines().enumerate() {
        let prefix = if index == 0 { first } else { &others };
        let _ = writeln!(text, "{prefix}{}", Printable(line));
    }
}

/// A step in words.
pub(crate) fn happening(step: &Step) -> String {
    let took = step.took.map(|took| format!(" ({})", short(took))).unwrap_or_default();
    match &step.what {
        Happening::Log { level, source, message, fields } => {
            let source = match source {
                LogSource::Log => *level,
                LogSource::Stdout => "stdout",
                LogSource::Stderr => "stderr",
            };
            let fields: String = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
            format!("{source}: {message}{fields}")
        }
        Happening::Fail { message } => format!("fail: {message}"),
        Happening::NewId { key } => format!("new key `{key}`"),
        Happening::Expect { key, error: None } => format!("expects `{key}`"),
        Happening::Expect { key, error: Some(error) } => format!("cannot expect `{key}`: {error}"),
        Happening::Send { target, method, path, key, status, answer, error, .. } => {
            let key = key.as_ref().map(|key| format!(", key `{key}`")).unwrap_or_default();
            let end = match (status, error) {
                (Some(status), _) if *status >= 400 => {
                    let answer = answer.as_deref().unwrap_or_default().trim_end();
                    format!("answered {status}: {answer}")
                }
                (Some(status), _) => format!("answered {status}"),
                (None, error) => format!("no answer: {}", error.as_deref().unwrap_or("unknown")),
            };
            // A host that is no target's has its whole URL.
            let place = match path.starts_with('/') || path.is_empty() {
                true => format!("`{target}`{path}"),
                false => format!("`{path}`"),
            };
            format!("{method} to {place}{key}: {end}{took}")
        }
        Happening::Wait { keys, n, error, .. } => {
            let end = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            format!("waited for {}{end}{took}", deliveries(*n, keys))
        }
        Happening::Delivery { key, method, path, body, latency, answered, answered_after, taken } => {
            let after = answered_after.map(|after| format!(" after {}", short(after))).unwrap_or_default();
            let answered = answered.map(|status| format!(", answered {status}{after}")).unwrap_or_default();
            let latency =
                latency.map(|latency| format!(", {} after the event", short(latency))).unwrap_or_default();
            let taken = if *taken { "" } else { ", never waited for" };
            format!("delivery {method} {path}, key `{key}`{latency}{answered}{taken}: {body}")
        }
        Happening::CutShort { call } => format!("{call}: cut short{took}"),
        Happening::Sleep { .. } => format!("slept{took}"),
        Happening::Metric { kind, name, value, error } => {
            let error = error.as_ref().map(|error| format!(": refused: {error}")).unwrap_or_default();
            format!("{} {name}: {value}{error}", kind.name())
        }
        Happening::Read { name, value } => format!("read {name}: {value}"),
    }
}

/// "a delivery with key `x`", "3 deliveries with keys `x`, `y`".
pub(crate) fn deliveries(n: u32, keys: &[String]) -> String {
    const SHOWN: usize = 3;
    let count = if n == 1 { "a delivery".to_owned() } else { format!("{n} deliveries") };
    let mut names = keys.iter().take(SHOWN).map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ");
    if keys.len() > SHOWN {
        let _ = write!(names, " and {} more", keys.len() - SHOWN);
    }
    format!("{count} with {} {names}", if keys.len() == 1 { "key" } else { "one of the keys" })
}

/// Three digits and a unit: `12.3ms`, `1.20s`.
pub(crate) fn short(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s < 1e-3 => format!("{:.0}µs", s * 1e6),
        s if s < 1.0 => format!("{:.1}ms", s * 1e3),
        s => format!("{s:.2}s"),
    }
}
