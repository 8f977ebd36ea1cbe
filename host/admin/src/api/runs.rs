//! `/runs`: runs in flight and runs that have ended, with timelines and logs.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::header;
use orbital_history::{RunQuery, RunRow};
use orbital_model::timestamp::rfc3339;
use orbital_model::{CaseId, CaseIdFields, Outcome, Pattern, Report, Trigger};
use orbital_run::order::Order;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::api::{Limit, Nothing};
use crate::problem::{Problem, ProblemBody};
use crate::{Admin, run_lookup};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(show))
}

#[derive(Serialize, ToSchema)]
struct Runs {
    /// Runs in flight, oldest first.
    in_flight: Vec<InFlight>,
    /// Runs that have ended, newest first.
    runs: Vec<Summary>,
    /// The value of `before` for the next page; `null` if this is the last page.
    #[schema(required)]
    next: Option<Uuid>,
}

/// A run in flight.
#[derive(Serialize, ToSchema)]
// An object with more fields is a report.
#[serde(deny_unknown_fields)]
struct InFlight {
    run: Uuid,
    // Not flattened: an object with flattened fields cannot exclude others.
    component: String,
    case: String,
    digest: String,
    trigger: Trigger,
    #[schema(format = DateTime)]
    due: String,
}

/// A run that has ended or is in flight.
#[derive(ToSchema)]
#[allow(dead_code, reason = "what is served is one or the other by itself")]
#[schema(as = Run)]
#[serde(untagged)]
enum EitherRun {
    Ended(Report),
    InFlight(InFlight),
}

/// A summary of a run that has ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Summary {
    run: Uuid,
    #[serde(flatten)]
    #[schema(value_type = CaseIdFields<'static>)]
    case: CaseId,
    trigger: Trigger,
    #[schema(format = DateTime)]
    started: String,
    duration: f64,
    outcome: Outcome,
    flaky: bool,
    attempts: usize,
    /// The first line of the reason why the run did not pass; `null` if it passed.
    #[schema(required)]
    message: Option<String>,
}

impl Summary {
    pub(super) fn of(report: &Report) -> Self {
        Self::from(RunRow::of(report))
    }
}

impl From<RunRow> for Summary {
    fn from(row: RunRow) -> Self {
        Self {
            run: row.run,
            case: row.case,
            trigger: row.trigger,
            started: rfc3339(row.started),
            duration: row.duration.as_secs_f64(),
            outcome: row.outcome,
            flaky: row.flaky,
            attempts: row.attempts,
            message: row.message,
        }
    }
}

impl From<Order> for InFlight {
    fn from(order: Order) -> Self {
        Self {
            run: order.run,
            component: order.case.id.component().to_owned(),
            case: order.case.id.case().to_owned(),
            digest: order.component.digest.clone(),
            trigger: order.trigger,
            due: rfc3339(order.due),
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only runs of cases whose ids match this pattern, such as `shop/*`.
    cases: Option<String>,
    /// Only runs with this outcome.
    outcome: Option<Outcome>,
    /// Only runs that passed after an attempt that did not (`true`), or only the others (`false`).
    flaky: Option<bool>,
    /// The `next` of the previous page.
    before: Option<Uuid>,
    /// The maximum number of runs; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Lists runs in flight, and runs that have ended recently.
#[utoipa::path(
    get,
    path = "/runs",
    operation_id = "list_runs",
    params(Filter),
    responses((status = 200, description = "The newest first.", body = Runs), (status = 400, response = ProblemBody))
)]
async fn list(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Runs>, Problem> {
    let Query(Filter { cases, outcome, flaky, before, limit }) = filter?;
    let cases = cases.as_deref().map(Pattern::parse).transpose().map_err(Problem::bad_request)?;
    let limit = Limit::new(limit)?;
    let query = RunQuery {
        cases: cases.clone(),
        outcome,
        flaky,
        before,
        limit: limit.and_one(),
        ..RunQuery::default()
    };
    let page = limit.page(run_lookup::runs(&admin, query).await);
    let of_cases = |id: &str| cases.as_ref().is_none_or(|cases| cases.matches(id));
    let in_flight = admin.journal.in_flight().into_iter().filter(|order| of_cases(&order.case.id));
    Ok(Json(Runs {
        // Runs in flight have no outcome, and are on the first page only.
        in_flight: match (before, outcome, flaky) {
            (None, None, None) => in_flight.map(InFlight::from).collect(),
            _ => Vec::new(),
        },
        next: page.next(|row| row.run),
        runs: page.items.into_iter().map(Summary::from).collect(),
    }))
}

/// Shows a run, with all attempts, timelines and logs.
#[utoipa::path(
    get,
    path = "/runs/{run}",
    operation_id = "show_run",
    params(("run" = Uuid, Path, description = "The run's id.")),
    responses(
        (status = 200, description = "Its report, if it has ended.", body = EitherRun),
        (status = 400, response = ProblemBody),
        (status = 404, response = ProblemBody)
    )
)]
async fn show(
    State(admin): State<Admin>,
    run: Result<Path<Uuid>, PathRejection>,
    parameters: Result<Query<Nothing>, QueryRejection>,
) -> Result<Response, Problem> {
    let Path(run) = run?;
    parameters?;
    // Runs in flight are read first, so that a run that ends in between is found.
    let in_flight = admin.journal.in_flight().into_iter().find(|order| order.run == run);
    if let Some(report) = run_lookup::report(&admin, run).await {
        return Ok(([(header::CONTENT_TYPE, "application/json")], report).into_response());
    }
    match in_flight {
        Some(order) => Ok(Json(InFlight::from(order)).into_response()),
        None => Err(Problem::not_found(format!(
            "there is no run `{run}`, or it is kept no more (`[history]` says how long they are)"
        ))),
    }
}
