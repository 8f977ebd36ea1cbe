//! `/runs`: those that go on and those that ended lately, with timeline and log.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::admin::Admin;
use crate::admin::problem::Problem;
use crate::report::timestamp::rfc3339;
use crate::report::{Outcome, Report};
use crate::runner::Order;
use crate::scheduler::{CasePattern, Trigger};

pub(super) fn routes() -> Router<Admin> {
    Router::new().route("/runs", get(list)).route("/runs/{run}", get(show))
}

#[derive(Serialize)]
struct Runs {
    /// Those that go on, the oldest first.
    in_flight: Vec<InFlight>,
    /// Those that ended, the newest first.
    runs: Vec<Summary>,
    /// What to ask for next, as `before`; none if there is no more.
    next: Option<Uuid>,
}

#[derive(Serialize)]
struct InFlight {
    run: Uuid,
    component: String,
    case: String,
    digest: String,
    trigger: Trigger,
    due: String,
}

/// A run that ended, in short.
#[derive(Serialize)]
pub(super) struct Summary {
    run: Uuid,
    component: String,
    case: String,
    trigger: Trigger,
    started: String,
    duration: f64,
    outcome: Outcome,
    flaky: bool,
    attempts: usize,
    /// The first line of the reason, if it did not pass.
    message: Option<String>,
}

impl Summary {
    pub(super) fn of(report: &Report) -> Self {
        let last = report.attempts.last();
        let message = last.and_then(|attempt| attempt.messages.first()?.lines().next());
        Self {
            run: report.run,
            component: report.component.clone(),
            case: report.case.clone(),
            trigger: report.trigger,
            started: rfc3339(report.started),
            duration: report.duration.as_secs_f64(),
            outcome: report.outcome,
            flaky: report.flaky,
            attempts: report.attempts.len(),
            message: message.map(str::to_owned),
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// A pattern of case ids.
    cases: Option<String>,
    outcome: Option<Outcome>,
    flaky: Option<bool>,
    before: Option<Uuid>,
    limit: Option<usize>,
}

async fn list(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Runs>, Problem> {
    let Query(Filter { cases, outcome, flaky, before, limit }) = filter?;
    let limit = super::limit(limit)?;
    let cases = cases.as_deref().map(CasePattern::parse).transpose().map_err(Problem::bad_request)?;
    let of_cases = |id: &str| cases.as_ref().is_none_or(|cases| cases.matches(id));
    let wanted = |report: &Report| {
        of_cases(&report.case_id())
            && outcome.is_none_or(|outcome| report.outcome == outcome)
            && flaky.is_none_or(|flaky| report.flaky == flaky)
    };
    // One more, to know whether there are more.
    let mut reports = admin.journal.runs(before, limit + 1, wanted);
    let more = reports.len() > limit;
    reports.truncate(limit);
    let in_flight = admin.journal.in_flight().into_iter().filter(|order| of_cases(&order.case.id));
    Ok(Json(Runs {
        // They have no outcome, and are on the first page only.
        in_flight: match (before, outcome, flaky) {
            (None, None, None) => in_flight.map(InFlight::from).collect(),
            _ => Vec::new(),
        },
        next: reports.last().filter(|_| more).map(|report| report.run),
        runs: reports.iter().map(|report| Summary::of(report)).collect(),
    }))
}

async fn show(
    State(admin): State<Admin>,
    run: Result<Path<Uuid>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(run) = run?;
    // In this order: a run that ends in between is found.
    let in_flight = admin.journal.in_flight().into_iter().find(|order| order.run == run);
    if let Some(report) = admin.journal.run(run) {
        return Ok(Json::<&Report>(&report).into_response());
    }
    match in_flight {
        Some(order) => Ok(Json(InFlight::from(order)).into_response()),
        None => Err(Problem::not_found(format!(
            "there is no run `{run}`, or it is kept no more (`[journal]` says how many are)"
        ))),
    }
}
