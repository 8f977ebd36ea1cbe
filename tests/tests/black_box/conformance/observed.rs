//! The comparable behaviour of a run, without details of the language.

use orbital_tests::last_attempt;
use serde_json::Value;

use super::behaviours::{ANY, BUSY, Behaviour, PLACE, UNCAUGHT};
use super::language::Language;

/// The comparable parts of a report.
pub(crate) struct Observed {
    pub(crate) outcome: String,
    messages: Vec<String>,
    steps: Vec<String>,
    deliveries: usize,
    /// Level or stream, message, value of the field `n`.
    logs: Vec<(String, String, Option<String>)>,
    extension: &'static str,
}

/// The expected behaviour.
pub(crate) struct Expected<'a> {
    behaviour: &'a Behaviour,
    messages: Vec<Vec<&'static str>>,
    steps: Vec<&'static str>,
    logs: Vec<(&'static str, &'static str, Option<&'static str>)>,
}

impl Observed {
    pub(crate) fn new(report: &Value, behaviour: &Behaviour, language: &Language) -> Self {
        let attempt = last_attempt(report);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |name: &str| attempt[name].as_array().unwrap();
        let timeline = if behaviour.has_timeline() { list("timeline").as_slice() } else { &[] };
        let kinds = timeline.iter().map(|step| text(&step["step"]));
        let (deliveries, steps) = kinds.partition::<Vec<_>, _>(|kind| kind == "delivery");
        let logs = timeline.iter().filter(|step| step["step"] == "log").map(|step| {
            let stream = text(&step["source"]);
            let level = if stream == "log" { text(&step["level"]) } else { stream };
            (level, text(&step["message"]), step["fields"][0][1].as_str().map(ToOwned::to_owned))
        });
        Self {
            outcome: text(&report["outcome"]),
            // A busy machine may stop the host for a while, which is said of a timeout and is no behaviour of the language.
            messages: list("messages")
                .iter()
                .map(text)
                .filter(|message| !message.starts_with("the host did not run for"))
                .collect(),
            steps,
            deliveries: deliveries.len(),
            logs: logs.collect(),
            extension: language.extension,
        }
    }

    /// The lines of the log that another run had as well.
    pub(crate) fn repeated(&self, other: &Self) -> Vec<String> {
        let both = self.logs.iter().zip(&other.logs);
        both.filter(|(line, again)| line == again)
            .map(|(line, _)| format!("twice the same: {line:?}"))
            .collect()
    }

    /// Returns the expected behaviour of this case in this language.
    pub(crate) fn expected<'a>(behaviour: &'a Behaviour, language: &Language) -> Expected<'a> {
        let own = |part: &'static str| match part {
            UNCAUGHT => language.uncaught,
            BUSY => language.busy,
            part => part,
        };
        let mut messages: Vec<Vec<_>> =
            behaviour.messages.iter().map(|parts| parts.iter().map(|part| own(part)).collect()).collect();
        let mut steps = behaviour.steps.to_vec();
        let is_uncaught = behaviour.messages.iter().any(|parts| parts.contains(&UNCAUGHT));
        if is_uncaught && !language.places_uncaught {
            messages.iter_mut().for_each(|parts| parts.retain(|part| *part != PLACE));
        }
        if is_uncaught && language.traps_after_panic {
            let trap = ["the guest trapped: wasm `unreachable` instruction executed"];
            messages.push(trap.iter().chain(language.trace).copied().collect());
            steps.push("fail");
        } else if language.fails_to_end && behaviour.is_ended_by_error() && !steps.contains(&"fail") {
            steps.push("fail");
        }
        let logs = behaviour.logs.iter().map(|log| {
            let level = match log.level {
                "stdout" if language.has_console => "info",
                "stderr" if language.has_console => "error",
                level => level,
            };
            (level, log.message, log.n)
        });
        Expected { behaviour, messages, steps, logs: logs.collect() }
    }

    /// All that is not as it must be.
    pub(crate) fn wrong(&self, expected: &Expected<'_>) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut compare = |what: &str, found: String, wanted: String| {
            if found != wanted {
                wrong.push(format!("{what}: {found} and not {wanted}"));
            }
        };
        compare("outcome", self.outcome.clone(), expected.behaviour.outcome.to_owned());
        compare("steps", format!("{:?}", self.steps), format!("{:?}", expected.steps));
        let deliveries = expected.behaviour.deliveries;
        compare("deliveries", self.deliveries.to_string(), deliveries.to_string());
        // What else is said of an open timeline depends on how far it came.
        let most = if expected.behaviour.has_timeline() { usize::MAX } else { expected.messages.len() };
        let messages = self.messages.len().min(most);
        compare("messages", messages.to_string(), expected.messages.len().to_string());
        compare("log lines", self.logs.len().to_string(), expected.logs.len().to_string());
        for (message, parts) in self.messages.iter().zip(&expected.messages) {
            for part in parts.iter().filter(|part| !self.has(message, part)) {
                wrong.push(format!("no `{part}` in the message `{message}`"));
            }
        }
        for (found, wanted) in self.logs.iter().zip(&expected.logs) {
            let is_like = wanted.1 == ANY || found.1.contains(wanted.1);
            if found.0 != wanted.0 || !is_like || found.2.as_deref() != wanted.2 {
                wrong.push(format!("log line {found:?} and not {wanted:?}"));
            }
        }
        wrong
    }

    fn has(&self, message: &str, part: &str) -> bool {
        if part != PLACE {
            return message.contains(part);
        }
        // Such as `(src/ends.rs:19)`, with a column in Rust.
        let start = format!(".{}:", self.extension);
        let mut after = message.split('(').skip(1).filter_map(|text| text.split_once(&start));
        after.any(|(file, rest)| {
            let line = rest.split([')', ':']).next().unwrap_or_default();
            !file.contains(')') && line.parse::<u32>().is_ok_and(|line| line > 0)
        })
    }
}
