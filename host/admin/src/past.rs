//! Runs that ended: those of the history, and those that the journal knows beside it, such as while it is paused.

use orbital_history::{HistoryError, RunQuery, RunRow, newest};
use orbital_model::text::one_line;
use uuid::Uuid;

use crate::Admin;

/// Runs that ended, newest first.
pub(super) async fn runs(admin: &Admin, query: RunQuery) -> Vec<RunRow> {
    // First what is lost first: what is written in between is there twice.
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

/// The report of a run that ended, as JSON.
pub(super) async fn report(admin: &Admin, run: Uuid) -> Option<String> {
    if let Some(report) = admin.journal.run(run) {
        return serde_json::to_string(&*report).ok();
    }
    admin.history.report(run).await.unwrap_or_else(|error| {
        tell(&error);
        None
    })
}

/// What is paused is told of once, by the one who writes.
pub(super) fn tell(error: &HistoryError) {
    if !matches!(error, HistoryError::Off) {
        tracing::debug!("the history cannot be read: {}", one_line(&orbital_model::error::chain(error)));
    }
}
