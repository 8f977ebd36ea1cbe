//! The languages that tests are written in.

use std::fmt;

use clap::ValueEnum;

/// A language that has an SDK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
#[value(rename_all = "lower")]
pub enum Language {
    /// Compiled by rustc, for `wasm32-wasip2`.
    Rust,
    /// Built by the JavaScript SDK, with type checking.
    #[value(alias = "ts")]
    TypeScript,
    /// Run by a JavaScript engine that is part of the component.
    #[value(alias = "js")]
    JavaScript,
    /// Run by CPython, which is part of the component.
    #[value(alias = "py")]
    Python,
    /// Compiled by the Go toolchain, for `wasip1`.
    #[value(alias = "golang")]
    Go,
    /// Compiled by the C compiler that is part of Zig, for `wasip1`.
    C,
    /// Built by `zig build`, for `wasip1`.
    Zig,
}

impl Language {
    /// Returns the name in its usual spelling.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rust => "Rust",
            Self::TypeScript => "TypeScript",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
            Self::Go => "Go",
            Self::C => "C",
            Self::Zig => "Zig",
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_said_in_lower_case() {
        let said: Vec<_> = Language::value_variants()
            .iter()
            .map(|language| language.to_possible_value().unwrap().get_name().to_owned())
            .collect();
        assert_eq!(said, ["rust", "typescript", "javascript", "python", "go", "c", "zig"]);
        assert_eq!(Language::from_str("ts", false), Ok(Language::TypeScript));
    }
}
