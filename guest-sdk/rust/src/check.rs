//! Checks that mark the run as failed and continue.

use std::fmt::{Arguments, Debug};

use crate::Test;
use crate::difference::difference;

/// Checks a condition. If it is false, marks the run as failed and continues. Returns the condition:
/// `check!(t, delivery.latency < limit, "slow for {id}")`.
#[macro_export]
macro_rules! check {
    ($test:expr, $condition:expr $(,)?) => {
        $crate::check!($test, $condition, "check failed")
    };
    ($test:expr, $condition:expr, $($message:tt)+) => {
        $crate::private::holds(
            $test,
            $condition,
            ::std::concat!("`", ::std::stringify!($condition), "` (", ::std::file!(), ":", ::std::line!(), ")"),
            ::std::format_args!($($message)+),
        )
    };
}

/// Checks that two values are equal. If not, marks the run as failed, with their difference, and continues.
/// Returns whether they are equal: `check_eq!(t, receipt.status, 202)`. The values are borrowed.
#[macro_export]
macro_rules! check_eq {
    ($test:expr, $left:expr, $right:expr $(,)?) => {
        $crate::check_eq!($test, $left, $right, "check failed")
    };
    ($test:expr, $left:expr, $right:expr, $($message:tt)+) => {
        match (&$left, &$right) {
            (left, right) => $crate::private::is_equal(
                $test,
                *left == *right,
                (&left, &right),
                ::std::concat!(
                    "`", ::std::stringify!($left), " == ", ::std::stringify!($right), "` (", ::std::file!(), ":",
                    ::std::line!(), ")"
                ),
                ::std::format_args!($($message)+),
            ),
        }
    };
}

/// Checks that two values differ. If not, marks the run as failed and continues. Returns whether they differ:
/// `check_ne!(t, delivery.key, other.key)`. The values are borrowed.
#[macro_export]
macro_rules! check_ne {
    ($test:expr, $left:expr, $right:expr $(,)?) => {
        $crate::check_ne!($test, $left, $right, "check failed")
    };
    ($test:expr, $left:expr, $right:expr, $($message:tt)+) => {
        match (&$left, &$right) {
            (left, right) => $crate::private::is_not_equal(
                $test,
                *left != *right,
                &left,
                ::std::concat!(
                    "`", ::std::stringify!($left), " != ", ::std::stringify!($right), "` (", ::std::file!(), ":",
                    ::std::line!(), ")"
                ),
                ::std::format_args!($($message)+),
            ),
        }
    };
}

/// Reports the result of `check!`.
pub fn holds(test: &Test, holds: bool, check: &str, message: Arguments<'_>) -> bool {
    if !holds {
        test.fail(format!("{message}: {check}"));
    }
    holds
}

/// Reports the result of `check_eq!`.
pub fn is_equal(
    test: &Test,
    is_equal: bool,
    values: (&dyn Debug, &dyn Debug),
    check: &str,
    message: Arguments<'_>,
) -> bool {
    if !is_equal {
        test.fail(format!("{message}: {check}\n{}", difference(values.0, values.1)));
    }
    is_equal
}

/// Reports the result of `check_ne!`.
pub fn is_not_equal(
    test: &Test,
    differs: bool,
    value: &dyn Debug,
    check: &str,
    message: Arguments<'_>,
) -> bool {
    if !differs {
        test.fail(format!("{message}: {check}\n   both: {value:#?}"));
    }
    differs
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn checks_that_hold_borrow_their_operands() {
        let (test, text) = (Test::new(), String::from("a"));
        assert!(crate::check_eq!(&test, text, "a"));
        assert!(crate::check_ne!(&test, text, String::from("b")));
        assert!(crate::check!(&test, text.len() == 1, "{text} has another length"));
        assert!(crate::check_eq!(&test, json!({ "processed": true })["processed"], true));
        assert!(crate::check_eq!(&test, 202_u16, 202));
    }
}
