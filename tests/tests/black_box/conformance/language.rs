//! The languages, and what is each one's own.

/// A language, and for JavaScript its engine.
pub(crate) struct Language {
    /// The name of the component.
    pub(crate) name: &'static str,
    /// How the names of its sources end.
    pub(crate) extension: &'static str,
    /// Whether what it prints goes through `console`, which has levels, and not to standard output and standard error.
    pub(crate) has_console: bool,
    /// Whether an error that ends a case is marked with `fail` on its way out, as Go has no exceptions to return with.
    pub(crate) fails_to_end: bool,
    /// What it says of an error that nobody wrote on purpose.
    pub(crate) uncaught: &'static str,
    /// Whether such an error breaks the instance after it was told.
    pub(crate) traps_after_panic: bool,
}

pub(crate) const LANGUAGES: [Language; 5] = [
    Language {
        name: "rust",
        extension: "rs",
        has_console: false,
        fails_to_end: false,
        uncaught: "panicked: index out of bounds: the len is 2 but the index is 2",
        traps_after_panic: true,
    },
    Language {
        name: "go",
        extension: "go",
        has_console: false,
        fails_to_end: true,
        uncaught: "panicked: runtime error: index out of range [2] with length 2",
        traps_after_panic: false,
    },
    Language {
        name: "python",
        extension: "py",
        has_console: false,
        fails_to_end: false,
        uncaught: "KeyError: 'items'",
        traps_after_panic: false,
    },
    Language {
        name: "typescript",
        extension: "ts",
        has_console: true,
        fails_to_end: false,
        uncaught: "TypeError: can't access property \"name\"",
        traps_after_panic: false,
    },
    Language {
        name: "quickjs",
        extension: "ts",
        has_console: true,
        fails_to_end: false,
        uncaught: "TypeError: cannot read property 'name' of undefined",
        traps_after_panic: false,
    },
];
