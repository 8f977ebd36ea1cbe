//! The section `[history]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use orbital_config::Section;

/// The maximum of `batch_interval`: how long a run may wait to be written together with others.
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

/// The settings of the history: which runs are kept, where, and for how long.
#[derive(Debug, Clone)]
pub struct HistorySettings {
    /// Settings that need a restart.
    pub fixed: FixedHistorySettings,
    /// Settings that take effect at once.
    pub live: LiveHistorySettings,
}

/// Settings of the history that need a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixedHistorySettings {
    /// Whether runs are kept.
    pub enabled: bool,
    /// The database file.
    pub path: PathBuf,
}

/// Settings of the history that take effect at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveHistorySettings {
    /// How long runs are kept.
    pub max_age: Duration,
    /// The maximum number of runs of all components. The component with the most loses its oldest runs first.
    pub max_runs: usize,
    /// The maximum number of bytes of the file. The component with the most loses its oldest runs first.
    pub max_bytes: usize,
    /// The maximum number of runs that are written at once.
    pub batch_runs: usize,
    /// The maximum time that a run waits to be written together with others.
    pub batch_interval: Duration,
    /// The maximum number of runs that wait to be written; more are not kept.
    pub queue_runs: usize,
    /// The maximum number of bytes of runs that wait to be written; more are not kept.
    pub queue_bytes: usize,
}

impl HistorySettings {
    /// Reads the section. By default the file is in `state`; a relative path is resolved against `base`.
    pub fn read(section: &Section<'_>, base: &Path, state: &Path) -> Self {
        let path = section.string("path").map_or_else(
            || {
                let path = state.join("history.db");
                section.default_is("path", &format!("{path:?}"));
                path
            },
            |path| base.join(path),
        );
        let batch_interval = section.duration("batch_interval", Duration::from_secs(1));
        if batch_interval > LONGEST_INTERVAL {
            section
                .mistake_at("batch_interval", "must be at most 1m: what waits is lost if the host is killed");
        }
        let fixed = FixedHistorySettings { enabled: section.boolean("enabled", true), path };
        let live = LiveHistorySettings {
            max_age: section.duration("max_age", Duration::from_secs(30 * 24 * 3600)),
            max_runs: section.integer("max_runs", 1..=100_000_000, 1_000_000),
            max_bytes: section.bytes("max_bytes", 1 << 20..=1 << 40, 4 << 30),
            batch_runs: section.integer("batch_runs", 1..=10_000, 500),
            batch_interval,
            queue_runs: section.integer("queue_runs", 1..=1_000_000, 10_000),
            queue_bytes: section.bytes("queue_bytes", 1 << 10..=1 << 34, 64 << 20),
        };
        Self { fixed, live }
    }
}
