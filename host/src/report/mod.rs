//! What the outside is told: one stream of events, and sinks that read it.
//!
//! No sink blocks the one who emits. The rooms that emit know none of the sinks.

mod console;
mod exposition;
mod journal;
mod live;
pub(crate) mod log;
mod metrics;
mod settings;

use crate::event::Event;
use crate::event::EventSink;

use std::sync::Arc;

pub use console::Console;
pub use journal::Journal;
pub use live::{Change, Live};
pub use metrics::MetricsSink;
pub use settings::JournalSettings;

use crate::history::History;

/// Hands events to the sinks.
pub struct Reporter {
    metrics: Arc<MetricsSink>,
    journal: Arc<Journal>,
    history: Arc<History>,
    live: Arc<Live>,
    console: Console,
}

impl Reporter {
    /// With these sinks, and the log.
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
        // The last one: whoever is told looks at what the others have.
        self.live.record(event);
    }
}
