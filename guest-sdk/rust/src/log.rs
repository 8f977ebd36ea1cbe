//! Logging.

use std::fmt::Display;

use crate::Test;
use crate::bindings::orbital::test::log as contract;
pub use crate::bindings::orbital::test::log::Level;
use crate::host;

/// Logging. The lines are part of the run's report. Their number and size are limited; a run that exceeds the limit
/// ends with outcome `error`.
impl Test {
    /// Logs details that help to write or debug the test.
    pub fn debug(&self, message: impl AsRef<str>) {
        self.log(Level::Debug, message, &[]);
    }

    /// Logs normal progress.
    pub fn info(&self, message: impl AsRef<str>) {
        self.log(Level::Info, message, &[]);
    }

    /// Logs something unexpected. It does not fail the test.
    pub fn warn(&self, message: impl AsRef<str>) {
        self.log(Level::Warn, message, &[]);
    }

    /// Logs a problem. It does not fail the test; [`fail`](Self::fail) does.
    pub fn error(&self, message: impl AsRef<str>) {
        self.log(Level::Error, message, &[]);
    }

    /// Logs a message with structured values:
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
