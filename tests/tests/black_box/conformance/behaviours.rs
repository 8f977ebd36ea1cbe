//! The table: what must come of each case, in every language.

use super::language::Language;

/// The expected result of a case.
pub(crate) struct Behaviour {
    pub(crate) case: &'static str,
    pub(crate) outcome: &'static str,
    /// Parts that each message must contain. `PLACE` stands for a source location of the language.
    pub(crate) messages: &'static [&'static [&'static str]],
    /// Its steps in order, without deliveries: the language does not determine when these arrive.
    pub(crate) steps: &'static [&'static str],
    /// How many deliveries came.
    pub(crate) deliveries: usize,
    /// Its log lines: level, message, value of the field `n`.
    pub(crate) logs: &'static [Log],
    /// Whether each line of its log must be another one in every run.
    pub(crate) is_fresh: bool,
    /// Whether its timeline is not compared: it is too long to be told in full, or its order is not up to the case.
    is_timeline_open: bool,
    /// The languages that have it; all, if there is none.
    only: &'static [&'static str],
}

/// A line of the log.
pub(crate) struct Log {
    pub(crate) level: &'static str,
    pub(crate) message: &'static str,
    pub(crate) n: Option<&'static str>,
}

/// A place in the author's own file, such as `(src/ends.rs:19)`.
pub(crate) const PLACE: &str = "PLACE";

/// Stands for the language's message of an unexpected error.
pub(crate) const UNCAUGHT: &str = "UNCAUGHT";

/// Stands for the language's message of where it was computing.
pub(crate) const BUSY: &str = "BUSY";

/// How a reason begins that is the operator's to remove.
const OPERATORS: &str = "a mistake in the configuration, not in the system under test";

/// Any text.
pub(crate) const ANY: &str = "ANY";

const PASSES: Behaviour = Behaviour {
    case: "passes",
    outcome: "pass",
    messages: &[],
    steps: &[],
    deliveries: 0,
    logs: &[],
    is_fresh: false,
    is_timeline_open: false,
    only: &[],
};

const fn log(level: &'static str, message: &'static str) -> Log {
    Log { level, message, n: None }
}

const fn numbered(level: &'static str, message: &'static str, n: &'static str) -> Log {
    Log { level, message, n: Some(n) }
}

pub(crate) const BEHAVIOURS: [Behaviour; 31] = [
    PASSES,
    // What a round trip is.
    Behaviour { case: "smoke", steps: &["new-id", "send", "wait"], deliveries: 1, ..PASSES },
    Behaviour { case: "fan-out", steps: &["new-id", "send", "wait", "metric"], deliveries: 3, ..PASSES },
    Behaviour {
        case: "exactly-once",
        steps: &["new-id", "send", "send", "wait", "wait"],
        deliveries: 1,
        ..PASSES
    },
    Behaviour { case: "server-made-id", steps: &["send", "wait"], deliveries: 1, ..PASSES },
    Behaviour {
        case: "planned-replies",
        steps: &["new-id", "expect", "send", "wait", "wait", "wait", "wait"],
        deliveries: 3,
        ..PASSES
    },
    Behaviour {
        case: "big-body",
        steps: &["new-id", "send", "log"],
        logs: &[log("info", "answered 413")],
        ..PASSES
    },
    // JSON in UTF-16, and JSON with a byte order mark.
    Behaviour { case: "encodings", steps: &["send"; 5], ..PASSES },
    // What a case says and is told.
    Behaviour {
        case: "logs",
        steps: &["log", "log", "log", "log", "log", "log"],
        logs: &[
            numbered("debug", "level debug", "1"),
            numbered("info", "level info", "2"),
            numbered("warn", "level warn", "3"),
            numbered("error", "level error", "4"),
            log("stdout", "printed"),
            log("stderr", "complained"),
        ],
        ..PASSES
    },
    // Two bytes that are no text, or one code unit of JavaScript's that is none.
    Behaviour { case: "non-utf8", steps: &["log"], logs: &[log("stdout", "\u{fffd}")], ..PASSES },
    // Every kind of text that a case passes to the host, with two bytes that are no text: log, key, path, label, name of a
    // setting, reason.
    Behaviour {
        case: "invalid-text",
        outcome: "fail",
        messages: &[&["got \u{fffd}\u{fffd}"]],
        steps: &["log", "new-id", "expect", "send", "log", "metric", "read", "fail"],
        logs: &[
            numbered("info", "got \u{fffd}\u{fffd}", "got \u{fffd}\u{fffd}"),
            log("info", "asked for /%EF%BF%BD%EF%BF%BD"),
        ],
        ..PASSES
    },
    // The same in what ends a case: an error, an exception or a panic.
    Behaviour {
        case: "invalid-end",
        outcome: "fail",
        messages: &[&["got \u{fffd}\u{fffd}", PLACE]],
        ..PASSES
    },
    // What was seeded while the component was built included.
    Behaviour {
        case: "random",
        steps: &["log"; 3],
        logs: &[const { log("info", ANY) }; 3],
        is_fresh: true,
        ..PASSES
    },
    Behaviour { case: "metrics", steps: &["metric", "metric", "metric"], ..PASSES },
    Behaviour {
        case: "config",
        outcome: "error",
        messages: &[
            &[OPERATORS, "the configuration has no value `missing`"],
            &["`missing` is not set in the host's configuration of this component", PLACE],
        ],
        steps: &["read", "log", "read"],
        logs: &[log("info", "hello")],
        ..PASSES
    },
    Behaviour {
        case: "context",
        steps: &["read", "log"],
        logs: &[log("info", "context context 1 staging")],
        ..PASSES
    },
    // How a case ends.
    Behaviour {
        case: "fails",
        outcome: "fail",
        messages: &[&["first"], &["second"]],
        steps: &["fail", "fail"],
        ..PASSES
    },
    Behaviour { case: "returns-error", outcome: "fail", messages: &[&["no invoice", PLACE]], ..PASSES },
    Behaviour {
        case: "differs",
        outcome: "fail",
        // The first line alone says what differs: lists show no more.
        messages: &[&["check failed: ", PLACE, "\n- left\n+ right\n", "\n- ", "\n+ "]],
        steps: &["fail"],
        ..PASSES
    },
    Behaviour { case: "uncaught", outcome: "fail", messages: &[&[UNCAUGHT, PLACE]], ..PASSES },
    Behaviour {
        case: "unknown-target",
        outcome: "error",
        messages: &[
            &[OPERATORS, "no target `nowhere` is configured"],
            &[
                "unknown target: no target `nowhere` is configured; those are: `api`, `encodings`, `pipeline`",
                PLACE,
            ],
        ],
        steps: &["send"],
        ..PASSES
    },
    Behaviour {
        case: "wait-timeout",
        steps: &["new-id", "wait", "log"],
        logs: &[log("info", "timeout caught")],
        ..PASSES
    },
    Behaviour {
        case: "waits-for-ever",
        outcome: "timeout",
        messages: &[&[
            "timed out after 300.0ms waiting for a delivery with key `",
            "this run sent no event with such a key",
        ]],
        steps: &["new-id", "cut-short"],
        ..PASSES
    },
    // What uses up time and memory.
    Behaviour {
        case: "loops",
        outcome: "timeout",
        messages: &[&["timed out after 300.0ms while computing", BUSY]],
        ..PASSES
    },
    Behaviour { case: "churns", steps: &["log"; 20], logs: &[const { log("info", ANY) }; 20], ..PASSES },
    // Garbage collection while the host writes into the instance's memory: 18 MB of deliveries.
    Behaviour { case: "receives", is_timeline_open: true, only: &["go"], ..PASSES },
    // What a language's own libraries do.
    Behaviour {
        case: "exits",
        outcome: "error",
        messages: &[&[
            "called `exit` with the code of a failure (`os.Exit` in Go",
            "in main.exits (ends.go:",
        ]],
        only: &["go"],
        ..PASSES
    },
    Behaviour {
        case: "zones",
        steps: &["log"],
        logs: &[log("info", "2027-03-28T12:00:00+02:00")],
        only: &["python"],
        ..PASSES
    },
    Behaviour {
        case: "absent",
        steps: &["log"; 4],
        logs: &[
            log("info", "`asyncio.run`: a component has no event loop"),
            log("info", "`threading.Thread.start`: a component has no threads"),
            log("info", "`subprocess`: a component starts no processes"),
            log("info", "a component has no sockets; send with `t.send_event`"),
        ],
        only: &["python"],
        ..PASSES
    },
    Behaviour { case: "axios", steps: &["send"], only: &["typescript"], ..PASSES },
    Behaviour {
        case: "unawaited-fetch",
        outcome: "fail",
        messages: &[&["the case ended before `fetch` was answered", "put `await` before it", PLACE]],
        is_timeline_open: true,
        only: &["typescript"],
        ..PASSES
    },
];

impl Behaviour {
    /// Whether this language has it.
    pub(crate) fn is_of(&self, language: &Language) -> bool {
        self.only.is_empty() || self.only.contains(&language.name)
    }

    /// Whether an error of the test's own ends it, which has its place.
    pub(crate) fn is_ended_by_error(&self) -> bool {
        self.messages.iter().any(|parts| parts.contains(&PLACE))
    }

    /// Whether its timeline is short enough to be compared.
    pub(crate) fn has_timeline(&self) -> bool {
        !self.is_timeline_open
    }
}
