//! Runs that have ended: those in the history, and those that only the journal has, such as while the history is
//! stalled.

use orbital_history::{HistoryError, RunQuery, RunRow, newest};
use orbital_model::text::one_line;
use uuid::Uuid;

use crate::Admin;

/// Returns runs that have ended, newest first.
pub(super) async fn runs(admin: &Admin, query: RunQuery) -> Vec<RunRow> {
    // The journal is read first, as it loses runs first: a run that is written in between is found twice.
    let matches = |report: &_| query.matches(&RunRow::of(report));
    let journal = admin.journal.runs(query.before, query.limit, matches);
    let journal = journal.iter().map(|report| RunRow::of(report));
    let limit = query.limit;
    let kept = match admin.history.runs(query.clone()).await {
        Ok(runs) => runs,
        Err(error) => {
            tell(&error);
            admin.history.waiting(&query)
        }
    };
    newest(journal.chain(kept), limit)
}

/// Returns the report of a run that has ended, as JSON.
pub(super) async fn report(admin: &Admin, run: Uuid) -> Option<String> {
    if let Some(report) = admin.journal.run(run) {
        return serde_json::to_string(&*report).ok();
    }
    admin.history.report(run).await.unwrap_or_else(|error| {
        tell(&error);
        None
    })
}

/// Logs that the history cannot be read. A stalled history is reported once, by the part that writes to it.
pub(super) fn tell(error: &HistoryError) {
    if !matches!(error, HistoryError::Off) {
        tracing::debug!("the history cannot be read: {}", one_line(&orbital_model::error::chain(error)));
    }
}
