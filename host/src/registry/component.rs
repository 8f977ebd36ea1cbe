//! A component that is ready to run.

use std::sync::Arc;
use std::time::SystemTime;

use tokio_util::sync::CancellationToken;

use super::Case;
use crate::guest::{SeriesBook, Suite};

/// One version of a component: its file's content, compiled, with the cases that it declared.
pub struct Component {
    /// The stem of its file.
    pub name: String,
    /// SHA-256 of its file, in hexadecimal.
    pub digest: String,
    /// Its length in bytes.
    pub size: usize,
    /// When it was loaded.
    pub loaded_at: SystemTime,
    /// Whether it came while the host ran: then its cases run at once. What was there at the start waits for
    /// its ticks.
    pub is_new: bool,
    /// What runs.
    pub suite: Suite,
    /// Its cases, in the order in which it declares them.
    pub cases: Vec<Arc<Case>>,
    /// The metrics that its tests made.
    pub series: Arc<SeriesBook>,
    /// Cancelled when this version has been replaced or removed and its grace time has run out.
    pub retired: CancellationToken,
}
