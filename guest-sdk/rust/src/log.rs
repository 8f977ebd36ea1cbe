//! What a case has to say.

use std::fmt::Display;

use crate::Test;
use crate::bindings::orbital::test::log as contract;
pub use crate::bindings::orbital::test::log::Level;
use crate::host;

/// What a case says stands in the run's report. Its lines are bounded in number and bytes; a run that says
/// more ends as `error`.
impl Test {
    /// Says something for the author, while the test is being written.
    pub fn debug(&self, message: impl AsRef<str>) {
        self.log(Level::Debug, message, &[]);
    }

    /// Says what happens.
    pub fn info(&self, message: impl AsRef<str>) {
        self.log(Level::Info, message, &[]);
    }

    /// Says what is odd, but does not fail the test.
    pub fn warn(&self, message: impl AsRef<str>) {
        self.log(Level::Warn, message, &[]);
    }

    /// Says what is wrong. It does not fail the test; [`fail`](Self::fail) does.
    pub fn error(&self, message: impl AsRef<str>) {
        self.log(Level::Error, message, &[]);
    }

    /// Says something with names and values beside it:
    /// `t.log(Level::Info, "sent", &[("id", &id), ("attempt", &3)])`.
    pub fn log(&self, level: Level, message: impl AsRef<str>, fields: &[(&str, &dyn Display)]) {
        let field = |(name, value): &(&str, &dyn Display)| contract::Field {
            name: (*name).to_owned(),
            value: value.to_string(),
        };
        let fields: Vec<_> = fields.iter().map(field).collect();
        host::log::log(level, message.as_ref(), &fields);
    }
}
