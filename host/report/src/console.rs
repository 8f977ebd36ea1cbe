//! The sink that prints runs on standard output.

use orbital_model::describe::describe;
use orbital_run::event::Event;

use crate::output::Output;

/// Prints runs that have ended. Never waits for the reader of the output.
pub struct Console {
    output: Output,
    quiet: bool,
}

impl Console {
    /// Creates a console. `quiet` omits runs that passed at the first attempt.
    pub fn new(output: Output, quiet: bool) -> Self {
        Self { output, quiet }
    }

    pub(super) fn record(&self, event: &Event) {
        let Event::RunEnded(report) = event else { return };
        if !(self.quiet && report.is_routine()) {
            self.output.push(describe(report).as_bytes());
        }
    }
}
