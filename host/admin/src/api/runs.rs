//! `/runs`: those that go on and those that ended, with timeline and log.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::header;
use orbital_history::{RunQuery, RunRow};
use orbital_model::timestamp::rfc3339;
use orbital_model::{Outcome, Pattern, Report, Trigger};
use orbital_run::order::Order;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::api::{Limit, Nothing};
use crate::problem::{Problem, ProblemBody};
use crate::{Admin, past};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(show))
}

#[derive(Serialize, ToSchema)]
struct Runs {
    /// Those that go on, the oldest first.
    in_flight: Vec<InFlight>,
    /// Those that ended, the newest first.
    runs: Vec<Summary>,
    /// What to ask for next, as `before`; none if there is no more.
    #[schema(required)]
    next: Option<Uuid>,
}

/// A run that goes on.
#[derive(Serialize, ToSchema)]
// With more it is a report.
#[serde(deny_unknown_fields)]
struct InFlight {
    run: Uuid,
    component: String,
    case: String,
    digest: String,
    trigger: Trigger,
    #[schema(format = DateTime)]
    due: String,
}

/// A run, one or the other.
#[derive(ToSchema)]
#[allow(dead_code, reason = "what is served is one or the other by itself")]
#[schema(as = Run)]
#[serde(untagged)]
enum EitherRun {
    Ended(Report),
    InFlight(InFlight),
}

/// A run that ended, in short.
#[derive(Serialize, ToSchema)]
pub(super) struct Summary {
    run: Uuid,
    component: String,
    case: String,
    trigger: Trigger,
    #[schema(format = DateTime)]
    started: String,
    duration: f64,
    outcome: Outcome,
    flaky: bool,
    attempts: usize,
    /// The first line of the reason, if it did not pass.
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
            component: row.component,
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
            component: order.component.name.clone(),
            case: order.case.name.clone(),
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
    /// A pattern of case ids, such as `shop/*`.
    cases: Option<String>,
    /// How it ended.
    outcome: Option<Outcome>,
    /// Whether it passed after an attempt that did not.
    flaky: Option<bool>,
    /// The `next` of the page before.
    before: Option<Uuid>,
    /// How many; 50 if nobody says.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Lists runs that go on, and those that ended lately.
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
    let page = limit.page(past::runs(&admin, query).await);
    let of_cases = |id: &str| cases.as_ref().is_none_or(|cases| cases.matches(id));
    let in_flight = admin.journal.in_flight().into_iter().filter(|order| of_cases(&order.case.id));
    Ok(Json(Runs {
        // They have no outcome, and are on the first page only.
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
    // In this order: a run that ends in between is found.
    let in_flight = admin.journal.in_flight().into_iter().find(|order| order.run == run);
    if let Some(report) = past::report(&admin, run).await {
        return Ok(([(header::CONTENT_TYPE, "application/json")], report).into_response());
    }
    match in_flight {
        Some(order) => Ok(Json(InFlight::from(order)).into_response()),
        None => Err(Problem::not_found(format!(
            "there is no run `{run}`, or it is kept no more (`[history]` says how long they are)"
        ))),
    }
}
