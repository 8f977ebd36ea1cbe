//! The tools of a language.

use std::{ffi::OsString, fmt, path::Path, process::Command};

/// The installed tool that builds a suite.
pub(crate) struct Tool {
    /// Its version; another version may build another component from the same files.
    pub(crate) version: String,
    /// What `orbital build` must have in its environment to find it.
    pub(crate) environment: Vec<(&'static str, OsString)>,
}

/// A tool that is not there, and that cannot be installed without asking.
pub(crate) struct Missing(pub(crate) String);

impl fmt::Display for Missing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Returns the output of a program; nothing if it is missing or fails.
pub(crate) fn answer(folder: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

/// Whether a version, such as `go1.26.8`, `v20.20.2` or `Python 3.11.7`, is this one or a later one.
pub(crate) fn at_least(version: &str, (major, minor): (u32, u32)) -> bool {
    let digits = version.trim_start_matches(|character: char| !character.is_ascii_digit());
    let mut numbers = digits.split(|character: char| !character.is_ascii_digit()).map(str::parse::<u32>);
    let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
    (next(), next()) >= (major, minor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(at_least("go1.26.8", (1, 25)));
        assert!(at_least("v20.11.0", (20, 11)));
        assert!(at_least("Python 3.14", (3, 11)));
        assert!(at_least("go1.25rc1", (1, 25)));
        assert!(at_least("v22.1.0", (20, 11)));
        assert!(!at_least("go1.9", (1, 25)));
        assert!(!at_least("v18.20.1", (20, 11)));
        assert!(!at_least("", (1, 25)));
    }
}
