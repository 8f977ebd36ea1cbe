//! Failures, which end a case.

use std::error::Error;
use std::fmt;
use std::panic::Location;

/// The result of a case, or of a helper function.
pub type Result<T = (), E = Failure> = std::result::Result<T, E>;

/// The reason why a test failed, with its location in the test:
/// `the target did not answer: connection refused (src/lib.rs:12)`.
///
/// The operator `?` converts any error into a `Failure`. To handle an error instead, match on it before using `?`:
/// the methods of [`Test`](crate::Test) return enums such as [`WaitError`](crate::WaitError).
pub struct Failure {
    message: String,
    place: &'static Location<'static>,
}

impl Failure {
    /// Creates a failure with this reason, at the location of the caller.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), place: Location::caller() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({}:{})", self.message, self.place.file(), self.place.line())
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl<E: Error> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(error) = source {
            message = format!("{message}: {error}");
            source = error.source();
        }
        Self::new(message)
    }
}

/// Adds context to an error.
pub trait Context<T> {
    /// Prefixes the reason with this text. For an `Option`, the text is the reason.
    ///
    /// # Errors
    ///
    /// If `self` is an `Err` or `None`.
    fn context(self, text: impl fmt::Display) -> Result<T>;
}

impl<T, E: Into<Failure>> Context<T> for std::result::Result<T, E> {
    #[track_caller]
    fn context(self, text: impl fmt::Display) -> Result<T> {
        // Not `map_err`: a closure would hide the caller's place.
        match self {
            Ok(value) => Ok(value),
            Err(error) => {
                let Failure { message, place } = error.into();
                Err(Failure { message: format!("{text}: {message}"), place })
            }
        }
    }
}

impl<T> Context<T> for Option<T> {
    #[track_caller]
    fn context(self, text: impl fmt::Display) -> Result<T> {
        match self {
            Some(value) => Ok(value),
            None => Err(Failure::new(text.to_string())),
        }
    }
}

/// Returns from the case, or a helper function, with a failure: `bail!("no invoice for {id}")`.
#[macro_export]
macro_rules! bail {
    ($($message:tt)+) => {
        return ::core::result::Result::Err($crate::Failure::new(::std::format!($($message)+)))
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Refused(Option<std::num::ParseIntError>);

    impl fmt::Display for Refused {
        fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("the port is wrong")
        }
    }

    impl Error for Refused {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.0.as_ref().map(|source| source as _)
        }
    }

    fn at(line: u32) -> String {
        format!("({}:{line})", file!())
    }

    #[test]
    fn the_question_mark_keeps_sources_and_place() {
        let line = line!() + 2;
        fn fails() -> Result {
            Err(Refused("x".parse::<u16>().err()))?
        }
        let text = fails().unwrap_err().to_string();
        assert!(text.starts_with("the port is wrong: invalid digit found in string ("), "{text}");
        assert_eq!(text.split_once(" (").map(|(_, place)| format!("({place}")), Some(at(line)));
    }

    #[test]
    fn a_failure_keeps_its_first_place() {
        let line = line!() + 1;
        let first: Result = Err(Failure::new("first"));
        let again = || -> Result {
            first?;
            Ok(())
        };
        assert_eq!(again().unwrap_err().to_string(), format!("first {}", at(line)));
    }

    #[test]
    fn context_goes_before_the_reason() {
        let refused: Result<(), _> = Err(Refused(None));
        let line = line!() + 1;
        let failure = refused.context("while reading the port").unwrap_err();
        assert_eq!(failure.to_string(), format!("while reading the port: the port is wrong {}", at(line)));
        let failure = None::<u8>.context("no port").context("outside").unwrap_err();
        assert!(failure.to_string().starts_with("outside: no port ("));
    }

    #[test]
    fn bail_returns_a_failure() {
        let line = line!() + 1;
        let fails = |id: &str| -> Result { bail!("no invoice for {id}") };
        assert_eq!(fails("7").unwrap_err().to_string(), format!("no invoice for 7 {}", at(line)));
    }
}
