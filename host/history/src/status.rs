//! The status of the history.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use orbital_model::text::one_line;
use parking_lot::{Mutex, MutexGuard};

use crate::database::Extent;
use crate::queue::Full;
use crate::session::LastSession;

/// The status of the history.
#[derive(Debug, Clone)]
pub struct HistoryStatus {
    /// Whether runs are being kept.
    pub state: HistoryState,
    /// The file.
    pub path: PathBuf,
    /// The size of the file in bytes, including the write-ahead log.
    pub bytes: u64,
    /// The number of runs in the file.
    pub runs: u64,
    /// When the oldest run in the file began.
    pub oldest: Option<SystemTime>,
    /// The number of runs that wait to be written.
    pub queue_runs: usize,
    /// The approximate number of bytes of the runs that wait to be written.
    pub queue_bytes: usize,
    /// The number of runs that this host has written.
    pub written: u64,
    /// The numbers of runs that are not kept, by reason.
    pub dropped: [(DropReason, u64); 3],
    /// The previous session of a host with this file; missing if this is the first, or if the file could not be opened
    /// yet.
    pub last_session: Option<LastSession>,
}

/// Whether runs are being kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryState {
    /// Runs are being kept.
    Up,
    /// Runs wait until the database can be written again.
    Paused {
        /// The cause, and the remedy.
        reason: String,
        /// When the pause began.
        since: SystemTime,
    },
    /// The history is disabled in the configuration.
    Off,
}

impl HistoryStatus {
    /// Returns the number of runs that are not kept, for any reason.
    pub fn lost(&self) -> u64 {
        self.dropped.iter().map(|(_, runs)| runs).sum()
    }
}

impl HistoryState {
    /// Returns the state in one word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Paused { .. } => "paused",
            Self::Off => "off",
        }
    }
}

/// Why a run is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropReason {
    /// As many runs as `history.queue_runs` allows were waiting.
    QueueRuns,
    /// As many bytes as `history.queue_bytes` allows were waiting.
    QueueBytes,
    /// The database rejected the run itself, independently of its own state.
    Refused,
}

impl DropReason {
    /// Returns the name in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::QueueRuns => "queue_runs",
            Self::QueueBytes => "queue_bytes",
            Self::Refused => "refused",
        }
    }
}

/// The status that the writer maintains.
pub(super) struct Board {
    inner: Mutex<Inner>,
    queue_runs: AtomicU64,
    queue_bytes: AtomicU64,
    refused: AtomicU64,
}

struct Inner {
    state: HistoryState,
    extent: Extent,
    written: u64,
    last_session: Option<LastSession>,
}

impl Board {
    pub(super) fn new(is_on: bool) -> Self {
        let state = if is_on { HistoryState::Up } else { HistoryState::Off };
        let inner = Inner { state, extent: Extent::default(), written: 0, last_session: None };
        Self {
            inner: Mutex::new(inner),
            queue_runs: AtomicU64::new(0),
            queue_bytes: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    pub(super) fn began(&self, last: Option<LastSession>) {
        if let Some((last, missing)) = last.as_ref().and_then(|last| Some((last, last.missing?))) {
            tracing::warn!(
                written = %orbital_model::timestamp::rfc3339(last.written),
                "the last start did not end cleanly: of the runs after its last write, up to {} runs or {} may be missing \
                 from the history, and those that were in flight",
                missing.runs,
                humantime::format_duration(missing.time)
            );
        }
        self.lock().last_session = last;
    }

    pub(super) fn extent(&self, extent: Extent) {
        self.lock().extent = extent;
    }

    /// Records that the writer has written this number of runs, and `left` are waiting. Ends a pause.
    pub(super) fn written(&self, runs: usize, extent: Extent, left: usize) {
        let mut inner = self.lock();
        inner.extent = extent;
        inner.written += runs as u64;
        if let HistoryState::Paused { since, .. } = inner.state {
            inner.state = HistoryState::Up;
            drop(inner);
            let paused_for = since.elapsed().unwrap_or_default().as_secs();
            let paused_for = humantime::format_duration(std::time::Duration::from_secs(paused_for));
            tracing::warn!(%paused_for, caught_up = runs, left, "the history is written again");
        }
    }

    pub(super) fn paused(&self, why: &str) {
        let why = one_line(why);
        let mut inner = self.lock();
        match &mut inner.state {
            HistoryState::Paused { reason, .. } => *reason = why,
            state => {
                *state = HistoryState::Paused { reason: why.clone(), since: SystemTime::now() };
                drop(inner);
                tracing::error!("the history is stalled, tests continue: {why}");
            }
        }
    }

    pub(super) fn is_paused(&self) -> bool {
        matches!(self.lock().state, HistoryState::Paused { .. })
    }

    pub(super) fn full(&self, full: Full) {
        match full {
            Full::Runs => self.queue_runs.fetch_add(1, Ordering::Relaxed),
            Full::Bytes => self.queue_bytes.fetch_add(1, Ordering::Relaxed),
        };
    }

    pub(super) fn refused(&self, runs: usize) {
        self.refused.fetch_add(runs as u64, Ordering::Relaxed);
    }

    pub(super) fn status(&self, path: PathBuf, (queue_runs, queue_bytes): (usize, usize)) -> HistoryStatus {
        let dropped = [
            (DropReason::QueueRuns, self.queue_runs.load(Ordering::Relaxed)),
            (DropReason::QueueBytes, self.queue_bytes.load(Ordering::Relaxed)),
            (DropReason::Refused, self.refused.load(Ordering::Relaxed)),
        ];
        let inner = self.lock();
        HistoryStatus {
            state: inner.state.clone(),
            path,
            bytes: inner.extent.bytes,
            runs: inner.extent.runs,
            oldest: inner.extent.oldest,
            queue_runs,
            queue_bytes,
            written: inner.written,
            dropped,
            last_session: inner.last_session.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Each field is valid by itself, so a panic cannot leave them inconsistent.
        self.inner.lock()
    }
}
