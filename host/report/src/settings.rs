//! The section `[journal]`.

use orbital_config::Section;

/// How much of what happened lately is kept in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalSettings {
    /// Runs of each case that passed at once, and as many again that did not; the oldest goes first.
    pub runs_per_case: usize,
    /// Bytes of all runs. The component with the most loses its oldest first.
    pub max_bytes: usize,
}

impl JournalSettings {
    /// Reads the section.
    pub fn read(section: &Section<'_>) -> Self {
        Self {
            runs_per_case: section.integer("runs_per_case", 1..=10_000, 20),
            max_bytes: section.bytes("max_bytes", 1 << 10..=1 << 34, 64 << 20),
        }
    }
}
