//! Runs on standard output.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};

use super::{Event, Report, describe};

/// Reports that may wait to be printed.
const QUEUE: usize = 1024;

/// Prints reports from a thread of its own: whoever reads our output slowly, or not at all, must not stop a
/// test.
pub struct Console {
    queue: SyncSender<Arc<Report>>,
    quiet: bool,
    dropped: Arc<AtomicU64>,
}

impl Console {
    /// Starts the thread; `quiet` leaves out runs that passed at once. It ends with the last report after this is dropped.
    ///
    /// # Errors
    /// The system gives us no thread.
    pub fn start(quiet: bool) -> std::io::Result<(Self, std::thread::JoinHandle<()>)> {
        let (queue, reports) = sync_channel::<Arc<Report>>(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let lost = dropped.clone();
        let thread = std::thread::Builder::new().name("console".to_owned()).spawn(move || {
            let mut out = std::io::stdout();
            for report in reports {
                let mut text = describe(&report);
                let lost = lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    text = format!("({lost} runs are not shown: the output is read too slowly)\n{text}");
                }
                // Nobody reads any more: the metrics go on.
                let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
            }
        })?;
        Ok((Self { queue, quiet, dropped }, thread))
    }

    pub(super) fn record(&self, event: &Event) {
        let Event::RunEnded(report) = event else { return };
        if report.is_routine() && self.quiet {
            return;
        }
        if let Err(TrySendError::Full(_)) = self.queue.try_send(report.clone()) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
