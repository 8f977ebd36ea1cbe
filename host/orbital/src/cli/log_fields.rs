//! The format of the fields in the host's own log.

use std::fmt::{self, Write as _};

use orbital_model::text::PrintableWriter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};

/// Formats message and fields as by default, except that none of them can end the line or control a terminal: they may
/// contain texts of tests and systems under test.
pub(super) struct LogFields;

impl<'writer> FormatFields<'writer> for LogFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut text = String::new();
        DefaultFields::new().format_fields(Writer::new(&mut text), fields)?;
        PrintableWriter(writer).write_str(&text)
    }
}
