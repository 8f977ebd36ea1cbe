//! The languages, and what is each one's own.

/// A language, and for JavaScript its engine.
pub(crate) struct Language {
    /// The name of the component.
    pub(crate) name: &'static str,
    /// How the names of its sources end.
    pub(crate) extension: &'static str,
    /// Whether what it prints goes through `console`, which has levels, and not to standard output and standard error.
    pub(crate) has_console: bool,
    /// Whether an error that ends a case is marked with `fail` on its way out, as Go and C have no exceptions to return with.
    pub(crate) fails_to_end: bool,
    /// Its message of an unexpected error.
    pub(crate) uncaught: &'static str,
    /// Whether that has its place, too, and not the trace after it alone.
    pub(crate) places_uncaught: bool,
    /// Whether such an error breaks the instance after it was told.
    pub(crate) traps_after_panic: bool,
    /// Parts of the trace of that error: the author's own function, with its file and line.
    pub(crate) trace: &'static [&'static str],
    /// Part of the message that says where it was computing at its timeout.
    pub(crate) busy: &'static str,
}

pub(crate) const LANGUAGES: [Language; 7] = [
    Language {
        name: "rust",
        extension: "rs",
        has_console: false,
        fails_to_end: false,
        uncaught: "panicked: index out of bounds: the len is 2 but the index is 2",
        places_uncaught: true,
        traps_after_panic: true,
        trace: &["in rust::ends::uncaught (src/ends.rs:"],
        busy: "in rust::loads::loops (src/loads.rs:",
    },
    Language {
        name: "c",
        extension: "c",
        has_console: false,
        fails_to_end: true,
        uncaught: "index 2 is out of bounds of 'volatile int[2]'",
        places_uncaught: true,
        traps_after_panic: true,
        trace: &["in number (ends.c:", "in uncaught (ends.c:"],
        busy: "in loops (loads.c:",
    },
    Language {
        name: "zig",
        extension: "zig",
        has_console: false,
        fails_to_end: true,
        uncaught: "panicked: index out of bounds: index 2, len 2",
        places_uncaught: false,
        traps_after_panic: true,
        trace: &["in ends.third (src/ends.zig:"],
        busy: "in orbital.case.",
    },
    Language {
        name: "go",
        extension: "go",
        has_console: false,
        fails_to_end: true,
        uncaught: "panicked: runtime error: index out of range [2] with length 2",
        places_uncaught: true,
        traps_after_panic: false,
        trace: &[],
        busy: "in main.loops (ends.go:",
    },
    Language {
        name: "python",
        extension: "py",
        has_console: false,
        fails_to_end: false,
        uncaught: "KeyError: 'items'",
        places_uncaught: true,
        traps_after_panic: false,
        trace: &[],
        busy: "",
    },
    Language {
        name: "typescript",
        extension: "ts",
        has_console: true,
        fails_to_end: false,
        uncaught: "TypeError: can't access property \"name\"",
        places_uncaught: true,
        traps_after_panic: false,
        trace: &[],
        busy: "",
    },
    Language {
        name: "quickjs",
        extension: "ts",
        has_console: true,
        fails_to_end: false,
        uncaught: "TypeError: cannot read property 'name' of undefined",
        places_uncaught: true,
        traps_after_panic: false,
        trace: &[],
        busy: "",
    },
];
