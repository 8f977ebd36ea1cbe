//! The section `[journal]`.

use orbital_config::Section;

/// Limits of the journal in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalSettings {
    /// The maximum number of runs of each case that passed at the first attempt, and also of those that did not. The
    /// oldest ones are dropped first.
    pub runs_per_case: usize,
    /// The maximum number of bytes of all runs. The component with the most bytes loses its oldest runs first.
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
