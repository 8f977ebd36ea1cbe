//! The wall clock of a host, which a test sets.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use crate::tools::libfaketime;

/// The time of day as a host sees it. Durations and the times of files are not affected.
pub struct WallClock {
    library: PathBuf,
    directory: TempDir,
}

impl WallClock {
    /// One that is right; none if it cannot be had, which has been told.
    pub fn new() -> Option<Self> {
        let clock = Self { library: libfaketime()?, directory: TempDir::new().unwrap() };
        clock.set(0.0);
        Some(clock)
    }

    /// Sets it this many seconds before the true time, or after it.
    pub fn set(&self, ahead: f64) {
        // In one step: a file that is half written is another time.
        let next = self.directory.path().join("next");
        std::fs::write(&next, format!("{ahead:+.3}\n")).unwrap();
        std::fs::rename(next, self.file()).unwrap();
    }

    /// Sets it to this many seconds after a full minute, by less than a minute ahead of the true time. Gives what it
    /// says then, since the Unix epoch.
    pub fn set_to_second(&self, second: f64) -> f64 {
        let now =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64();
        let ahead = (second - now).rem_euclid(60.0);
        self.set(ahead);
        now + ahead
    }

    /// Returns the environment variables for the host.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let variables = [
            ("LD_PRELOAD", text(self.library.clone())),
            ("FAKETIME_TIMESTAMP_FILE", text(self.file())),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            // Its name has changed between versions.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ];
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("clock")
    }
}
