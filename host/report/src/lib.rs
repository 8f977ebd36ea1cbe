//! The sinks of events: metrics, console, log, live updates and recent runs. [`Reporter`] passes each event to all of
//! them, and reports to the history. No sink blocks the emitter.
//!
//! May depend on: the model, runs (for events), the history, the listener and the waiter (for their counts). Must not
//! depend on: pages, the command line.

mod console;
mod exposition;
mod journal;
mod live;
pub mod log;
mod metrics;
pub mod output;
mod settings;

use std::sync::Arc;

use orbital_history::History;
use orbital_run::event::{Event, EventSink};

pub use console::Console;
pub use journal::Journal;
pub use live::{Live, LiveUpdate};
pub use metrics::MetricsSink;
pub use settings::JournalSettings;

/// Passes events to the sinks.
pub struct Reporter {
    metrics: Arc<MetricsSink>,
    journal: Arc<Journal>,
    history: Arc<History>,
    live: Arc<Live>,
    console: Console,
}

impl Reporter {
    /// Creates a reporter with these sinks, in addition to the log.
    pub fn new(
        metrics: Arc<MetricsSink>,
        journal: Arc<Journal>,
        history: Arc<History>,
        live: Arc<Live>,
        console: Console,
    ) -> Self {
        Self { metrics, journal, history, live, console }
    }
}

impl EventSink for Reporter {
    fn emit(&self, event: &Event) {
        self.metrics.record(event);
        let weight = match event {
            Event::RunEnded(report) => report.weight(),
            _ => 0,
        };
        let consequences = self.journal.record(event, weight);
        self.metrics.correct_last_passes(&consequences.last_passes);
        if let Event::RunEnded(report) = event {
            self.history.record(report, weight);
        }
        log::record(event, consequences);
        self.console.record(event);
        // The live updates are last: a client that gets one reads what the other sinks have recorded.
        self.live.record(event);
    }
}
