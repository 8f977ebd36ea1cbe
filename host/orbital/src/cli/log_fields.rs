//! What is said in a line of the host's own log.

use std::fmt::{self, Write as _};

use orbital_model::text::PrintableWriter;
use tracing_subscriber::field::RecordFields;
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultFields, Writer};

/// Message and fields as they are by default, but that none of them ends its line or acts on a terminal: what
/// tests and systems say may be in them.
pub(super) struct LogFields;

impl<'writer> FormatFields<'writer> for LogFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        let mut text = String::new();
        DefaultFields::new().format_fields(Writer::new(&mut text), fields)?;
        PrintableWriter(writer).write_str(&text)
    }
}
