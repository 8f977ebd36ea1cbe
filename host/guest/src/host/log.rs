use orbital_model::{LogLevel, LogSource};

use crate::bindings::orbital::test::log::{Field, Host, Level};
use crate::guest_state::GuestState;

impl Host for GuestState {
    async fn log(&mut self, level: Level, message: String, fields: Vec<Field>) -> wasmtime::Result<()> {
        let level = match level {
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
        };
        let fields = fields.into_iter().map(|field| (field.name, field.value)).collect();
        Ok(self.recorder.log(level, LogSource::Log, message, fields)?)
    }
}
