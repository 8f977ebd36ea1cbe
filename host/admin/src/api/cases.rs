//! `/cases`: cases with their schedules and states, and starting runs of them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use orbital_model::timestamp::{rfc3339, rfc3339_since_epoch};
use orbital_model::{CaseId, Report};
use orbital_report::Journal;
use orbital_run::dispatcher::{PlannedCase, RunError, Started};
use orbital_run::order::Order;
use orbital_run::scheduler::{Refusal, SuspendedBy, Suspension};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Admin;
use crate::api::runs::Summary;
use crate::api::{Nothing, Page, contains};
use crate::problem::{Problem, ProblemBody};

/// The number of last runs that are shown with a case.
const LAST_RUNS: usize = 10;

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(show)).routes(routes!(run))
}

#[derive(Serialize, ToSchema)]
struct Cases {
    /// The cases, sorted by id.
    cases: Vec<Case>,
    /// The value of `before` for the next page; `null` if this is the last page.
    #[schema(required)]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Case {
    id: String,
    component: String,
    case: String,
    language: String,
    tags: BTreeMap<String, String>,
    /// The schedule in effect, which the operator may have overridden.
    schedule: String,
    timeout_seconds: f64,
    retries: u32,
    retry_delay_seconds: f64,
    max_in_flight: usize,
    /// Names of the settings for which the operator's value replaces the one that the component declares.
    overridden: Vec<&'static str>,
    /// When the case is due next; `null` if it never runs by itself.
    #[schema(required, format = DateTime)]
    next_run: Option<String>,
    /// Why the case does not run when it is due; `null` if it does.
    #[schema(required)]
    paused: Option<Paused>,
    /// Whether the case is up or down.
    state: CaseState,
    /// Whether the last three due runs gave no verdict because the host cancelled or skipped them. The state may then
    /// be wrong.
    stale: bool,
    #[schema(required, format = DateTime)]
    since: Option<String>,
    #[schema(required, format = DateTime)]
    last_pass: Option<String>,
    #[schema(required)]
    last_skip: Option<Skip>,
    in_flight: Vec<Uuid>,
    /// The last runs, newest first.
    last_runs: Vec<Summary>,
}

/// Whether a case is up or down, according to its last run that has ended.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum CaseState {
    /// The last run passed.
    Up,
    /// The last run did not pass.
    Down,
    /// No run has ended yet.
    Unknown,
}

#[derive(Serialize, ToSchema)]
struct Paused {
    /// The kind of pause: `override`, `maintenance` or `pause`.
    by: &'static str,
    /// The id of the pause, if its kind is `pause`; otherwise `null`.
    #[schema(required)]
    pause: Option<Uuid>,
    reason: String,
    #[schema(required)]
    author: Option<String>,
    #[schema(required, format = DateTime)]
    until: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Skip {
    #[schema(format = DateTime)]
    at: String,
    reason: &'static str,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only cases of this component.
    component: Option<String>,
    /// Only cases in this state.
    state: Option<CaseState>,
    /// Only cases with this tag, `NAME:VALUE`.
    #[param(pattern = ":")]
    tag: Option<String>,
    /// Only cases with this text in their id, or in a tag such as `team:crm`.
    q: Option<String>,
    /// The `next` of the previous page.
    before: Option<String>,
    /// The maximum number of cases; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wait {
    /// Whether to wait until the run has ended, and answer with its report.
    #[serde(default)]
    wait: bool,
}

/// A run that was started without waiting for its end.
#[derive(Serialize, ToSchema)]
struct StartedRun {
    run: Uuid,
}

/// Lists cases with their schedules, next runs, states, reasons for not running, and last runs.
#[utoipa::path(
    get,
    path = "/cases",
    operation_id = "list_cases",
    params(Filter),
    responses(
        (status = 200, description = "By id.", body = Cases),
        (status = 400, response = ProblemBody),
        (status = 503, response = ProblemBody)
    )
)]
async fn list(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Cases>, Problem> {
    let Query(Filter { component, state, tag, q, before, limit }) = filter?;
    let tag = tag.as_deref().map(|tag| {
        tag.split_once(':').ok_or_else(|| Problem::bad_request(format!("`tag={tag}` must be `NAME:VALUE`")))
    });
    let tag = tag.transpose()?;
    let in_flight = admin.journal.in_flight();
    let wanted = |planned: &&PlannedCase| {
        let case = &planned.case;
        before.as_ref().is_none_or(|before| **before < *case.id)
            && component.as_ref().is_none_or(|component| *component == planned.version.name)
            && tag.is_none_or(|tag| {
                case.tags.iter().any(|(name, value)| (name.as_str(), value.as_str()) == tag)
            })
            && q.as_ref().is_none_or(|q| {
                let mut tags = case.tags.iter().map(|(name, value)| format!("{name}:{value}"));
                contains(&case.id, q) || tags.any(|tag| contains(&tag, q))
            })
    };
    let plan = admin.dispatcher.plan().await?;
    let cases = plan.iter().filter(wanted).map(|planned| describe(&admin.journal, &in_flight, planned));
    let cases = cases.filter(|case| state.is_none_or(|state| state == case.state));
    let page = Page::read(limit, |most| cases.take(most).collect())?;
    let next = page.next(|last: &Case| last.id.clone());
    Ok(Json(Cases { cases: page.items, next }))
}

/// Shows a case.
#[utoipa::path(
    get,
    path = "/cases/{component}/{case}",
    operation_id = "show_case",
    params(
        ("component" = String, Path, description = "The component's name."),
        ("case" = String, Path, description = "The case's name."),
    ),
    responses(
        (status = 200, description = "The case.", body = Case),
        (status = 400, response = ProblemBody),
        (status = 404, response = ProblemBody),
        (status = 503, response = ProblemBody)
    )
)]
async fn show(
    State(admin): State<Admin>,
    path: Result<Path<(String, String)>, PathRejection>,
    parameters: Result<Query<Nothing>, QueryRejection>,
) -> Result<Json<Case>, Problem> {
    let Path((component, case)) = path?;
    parameters?;
    let id = CaseId::new(&component, &case);
    let plan = admin.dispatcher.plan().await?;
    let planned = plan.iter().find(|planned| planned.case.id == id);
    let planned = planned.ok_or_else(|| Problem::not_found(Refusal::NoSuchCase(id).to_string()))?;
    Ok(Json(describe(&admin.journal, &admin.journal.in_flight(), planned)))
}

/// Runs a case now, independently of its schedule.
///
/// With `?wait=true` the answer is the report, after the run has ended. A client that disconnects earlier does not end
/// the run.
#[utoipa::path(
    post,
    path = "/cases/{component}/{case}/runs",
    operation_id = "run_case",
    params(
        ("component" = String, Path, description = "The component's name."),
        ("case" = String, Path, description = "The case's name."),
        Wait
    ),
    responses(
        (status = 200, description = "It has ended, whatever the outcome.", body = Report),
        (
            status = 202,
            description = "It has started.",
            body = StartedRun,
            headers(("location" = String, description = "Where its report will be."))
        ),
        (status = 400, response = ProblemBody),
        (status = 404, response = ProblemBody),
        (status = 409, response = ProblemBody),
        (status = 503, response = ProblemBody)
    )
)]
async fn run(
    State(admin): State<Admin>,
    path: Result<Path<(String, String)>, PathRejection>,
    wait: Result<Query<Wait>, QueryRejection>,
) -> Result<Response, Problem> {
    let Path((component, case)) = path?;
    let Query(Wait { wait }) = wait?;
    let id = CaseId::new(&component, &case);
    let Started { run, report } = admin.dispatcher.run(&id).await?;
    if !wait {
        let location = [(header::LOCATION, format!("/api/v1/runs/{run}"))];
        return Ok((StatusCode::ACCEPTED, location, Json(StartedRun { run })).into_response());
    }
    let report = report.await.map_err(|_| RunError::Stopping)?;
    Ok(Json::<&Report>(&report).into_response())
}

fn describe(journal: &Journal, in_flight: &[Order], planned: &PlannedCase) -> Case {
    let (case, declared) = (&planned.case, &planned.declared);
    let overridden = [
        ("schedule", case.schedule != declared.schedule),
        ("timeout", case.timeout != declared.timeout),
        ("retries", case.retry.retries != declared.retry.retries),
        ("retry_delay", case.retry.delay != declared.retry.delay),
        ("max_in_flight", case.max_in_flight != declared.max_in_flight),
        ("config", case.config != declared.config),
    ];
    let record = journal.case(&case.id);
    Case {
        id: case.id.to_string(),
        component: planned.version.name.clone(),
        case: case.id.case().to_owned(),
        language: planned.version.metadata.language.clone(),
        tags: case.tags.iter().cloned().collect(),
        schedule: case.schedule.to_string(),
        timeout_seconds: case.timeout.as_secs_f64(),
        retries: case.retry.retries,
        retry_delay_seconds: case.retry.delay.as_secs_f64(),
        max_in_flight: case.max_in_flight,
        overridden: overridden.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect(),
        next_run: planned.next.map(rfc3339_since_epoch).filter(|next| !next.is_empty()),
        paused: planned.suspension.clone().map(Paused::from),
        state: match record.standing {
            None => CaseState::Unknown,
            Some(standing) if standing.up => CaseState::Up,
            Some(_) => CaseState::Down,
        },
        stale: record.is_stale(),
        since: record.standing.map(|standing| rfc3339(standing.since)),
        last_pass: record.last_pass.map(rfc3339),
        last_skip: record.last_skip.map(|(at, reason)| Skip { at: rfc3339(at), reason: reason.name() }),
        in_flight: in_flight.iter().filter(|order| order.case.id == case.id).map(|order| order.run).collect(),
        last_runs: journal.runs_of(&case.id, LAST_RUNS).iter().map(|report| Summary::of(report)).collect(),
    }
}

impl From<Suspension> for Paused {
    fn from(suspension: Suspension) -> Self {
        let (by, pause) = match suspension.by {
            SuspendedBy::Override => ("override", None),
            SuspendedBy::Maintenance => ("maintenance", None),
            SuspendedBy::Pause(id) => ("pause", Some(id)),
        };
        Self {
            by,
            pause,
            reason: suspension.reason,
            author: suspension.author,
            until: suspension.until.map(rfc3339_since_epoch),
        }
    }
}
