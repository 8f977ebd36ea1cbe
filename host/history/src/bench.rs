//! Access of benchmarks to internals.

use orbital_model::Report;

use crate::codec::Encoder;

/// An encoder of reports.
pub struct ReportEncoder(Encoder);

impl ReportEncoder {
    /// Returns an encoder.
    ///
    /// # Errors
    /// The dictionary cannot be loaded.
    pub fn new() -> std::io::Result<Self> {
        Encoder::new().map(Self)
    }

    /// Encodes a report as it is stored, and returns its size in bytes.
    ///
    /// # Errors
    /// The report cannot be encoded.
    pub fn encode(&mut self, report: &Report) -> std::io::Result<usize> {
        self.0.encode(report).map(|(stored, _)| stored.len())
    }
}
