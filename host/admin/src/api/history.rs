//! `/history`: whether runs are stored, and which ones may be missing.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use orbital_history::{HistoryState, HistoryStatus, LastSession};
use orbital_model::timestamp::rfc3339;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Admin;
use crate::api::Nothing;
use crate::problem::{Problem, ProblemBody};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::default().routes(routes!(show))
}

#[derive(Serialize, ToSchema)]
struct History {
    /// Whether runs are being stored: `up`, `paused` or `off`.
    #[schema(pattern = "^(up|paused|off)$")]
    state: &'static str,
    /// Why the history is stalled, and what to do about it; `null` if it is not.
    #[schema(required)]
    reason: Option<String>,
    /// Since when the history has been paused; `null` if it is not.
    #[schema(required, format = DateTime)]
    since: Option<String>,
    path: String,
    bytes: u64,
    /// The number of runs in the history.
    runs: u64,
    /// When the oldest run in the history began.
    #[schema(required, format = DateTime)]
    oldest: Option<String>,
    /// The number of runs that wait to be written.
    queue_runs: usize,
    queue_bytes: usize,
    /// The number of runs that this host has written.
    written: u64,
    /// The numbers of runs that could not be stored, by reason.
    dropped: Dropped,
    /// The session of the previous start of the host; `null` if there was none.
    #[schema(required)]
    last_session: Option<Session>,
}

#[derive(Serialize, ToSchema)]
struct Dropped {
    queue_runs: u64,
    queue_bytes: u64,
    refused: u64,
}

#[derive(Serialize, ToSchema)]
struct Session {
    #[schema(format = DateTime)]
    started: String,
    /// When the session last wrote to the history.
    #[schema(format = DateTime)]
    written: String,
    clean: bool,
    /// If the session did not end cleanly, up to this many of the runs that ended after `written` may be missing, or
    /// those of `may_miss_seconds`.
    may_miss_runs: usize,
    /// If the session did not end cleanly, the runs that ended in this many seconds after `written` may be missing, or
    /// up to `may_miss_runs` of them.
    may_miss_seconds: f64,
}

/// Shows whether runs are stored, and which ones may be missing.
#[utoipa::path(
    get,
    path = "/history",
    operation_id = "show_history",
    responses(
        (status = 200, description = "The state of the history.", body = History),
        (status = 400, response = ProblemBody)
    )
)]
async fn show(
    State(admin): State<Admin>,
    parameters: Result<Query<Nothing>, QueryRejection>,
) -> Result<Json<History>, Problem> {
    parameters?;
    Ok(Json(History::from(admin.history.status())))
}

impl From<HistoryStatus> for History {
    fn from(status: HistoryStatus) -> Self {
        let state = status.state.name();
        let (reason, since) = match status.state {
            HistoryState::Paused { reason, since } => (Some(reason), Some(rfc3339(since))),
            HistoryState::Up | HistoryState::Off => (None, None),
        };
        let [queue_runs, queue_bytes, refused] = status.dropped.map(|(_, runs)| runs);
        Self {
            state,
            reason,
            since,
            path: status.path.display().to_string(),
            bytes: status.bytes,
            runs: status.runs,
            oldest: status.oldest.map(rfc3339),
            queue_runs: status.queue_runs,
            queue_bytes: status.queue_bytes,
            written: status.written,
            dropped: Dropped { queue_runs, queue_bytes, refused },
            last_session: status.last_session.map(Session::from),
        }
    }
}

impl From<LastSession> for Session {
    fn from(last: LastSession) -> Self {
        Self {
            started: rfc3339(last.started),
            written: rfc3339(last.written),
            clean: last.missing.is_none(),
            may_miss_runs: last.missing.map_or(0, |missing| missing.runs),
            may_miss_seconds: last.missing.map_or(0.0, |missing| missing.time.as_secs_f64()),
        }
    }
}
