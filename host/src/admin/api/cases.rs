//! `/cases`: what runs when, how it stands, and running it now.

use std::collections::BTreeMap;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::runs::Summary;
use crate::admin::Admin;
use crate::admin::problem::Problem;
use crate::dispatcher::{PlannedCase, RunError, Started};
use crate::report::timestamp::{rfc3339, rfc3339_since_epoch};
use crate::report::{Journal, Report};
use crate::runner::Order;
use crate::scheduler::{Halt, HaltedBy, Refusal};

/// How many of a case's last runs are shown with it.
const LAST_RUNS: usize = 10;

pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .route("/cases", get(list))
        .route("/cases/{component}/{case}", get(show))
        .route("/cases/{component}/{case}/runs", post(run))
}

#[derive(Serialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Serialize)]
struct Case {
    id: String,
    component: String,
    case: String,
    language: String,
    tags: BTreeMap<String, String>,
    /// What holds, with what the operator set.
    schedule: String,
    timeout_seconds: f64,
    retries: u32,
    retry_delay_seconds: f64,
    max_in_flight: usize,
    /// Names of what the operator set in place of what the component declares.
    overridden: Vec<&'static str>,
    /// When it is due; none if it never is by itself.
    next_run: Option<String>,
    /// Why it does not run then.
    paused: Option<Paused>,
    /// `up`, `down`, or `unknown` before its first run has ended.
    state: &'static str,
    since: Option<String>,
    last_pass: Option<String>,
    last_skip: Option<Skip>,
    in_flight: Vec<Uuid>,
    /// The newest first.
    last_runs: Vec<Summary>,
}

#[derive(Serialize)]
struct Paused {
    /// `override`, `maintenance` or `pause`.
    by: &'static str,
    /// The pause's id.
    pause: Option<Uuid>,
    reason: String,
    author: Option<String>,
    until: Option<String>,
}

#[derive(Serialize)]
struct Skip {
    at: String,
    reason: &'static str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    component: Option<String>,
    state: Option<String>,
    /// `NAME:VALUE`.
    tag: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wait {
    #[serde(default)]
    wait: bool,
}

/// A run that was started and that nobody waits for.
#[derive(Serialize)]
struct StartedRun {
    run: Uuid,
}

async fn list(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Cases>, Problem> {
    let Query(filter) = filter?;
    if let Some(state) = filter.state.as_deref().filter(|state| !["up", "down", "unknown"].contains(state)) {
        return Err(Problem::bad_request(format!("`state={state}` must be `up`, `down` or `unknown`")));
    }
    let tag = filter.tag.as_deref().map(|tag| {
        tag.split_once(':').ok_or_else(|| Problem::bad_request(format!("`tag={tag}` must be `NAME:VALUE`")))
    });
    let tag = tag.transpose()?;
    let in_flight = admin.journal.in_flight();
    let cases =
        admin.desk.plan().await?.into_iter().map(|planned| describe(&admin.journal, &in_flight, &planned));
    let wanted = |case: &Case| {
        filter.component.as_ref().is_none_or(|component| *component == case.component)
            && filter.state.as_ref().is_none_or(|state| state == case.state)
            && tag.is_none_or(|(name, value)| case.tags.get(name).is_some_and(|found| found == value))
    };
    Ok(Json(Cases { cases: cases.filter(wanted).collect() }))
}

async fn show(
    State(admin): State<Admin>,
    Path((component, case)): Path<(String, String)>,
) -> Result<Json<Case>, Problem> {
    let id = format!("{component}/{case}");
    let plan = admin.desk.plan().await?;
    let planned = plan.iter().find(|planned| planned.case.id == id);
    let planned = planned.ok_or_else(|| Problem::not_found(Refusal::NoSuchCase(id).to_string()))?;
    Ok(Json(describe(&admin.journal, &admin.journal.in_flight(), planned)))
}

/// Starts a run. With `?wait=true` the answer is its report, once it has ended; whoever goes away before does
/// not end it.
async fn run(
    State(admin): State<Admin>,
    Path((component, case)): Path<(String, String)>,
    wait: Result<Query<Wait>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(Wait { wait }) = wait?;
    let id = format!("{component}/{case}");
    let Started { run, report } = admin.desk.run(&id).await?;
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
        id: case.id.clone(),
        component: planned.version.name.clone(),
        case: case.name.clone(),
        language: planned.version.metadata.language.clone(),
        tags: case.tags.iter().cloned().collect(),
        schedule: case.schedule.to_string(),
        timeout_seconds: case.timeout.as_secs_f64(),
        retries: case.retry.retries,
        retry_delay_seconds: case.retry.delay.as_secs_f64(),
        max_in_flight: case.max_in_flight,
        overridden: overridden.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect(),
        next_run: planned.next.map(rfc3339_since_epoch).filter(|next| !next.is_empty()),
        paused: planned.halt.clone().map(Paused::from),
        state: match record.standing {
            None => "unknown",
            Some(standing) if standing.up => "up",
            Some(_) => "down",
        },
        since: record.standing.map(|standing| rfc3339(standing.since)),
        last_pass: record.last_pass.map(rfc3339),
        last_skip: record.last_skip.map(|(at, reason)| Skip { at: rfc3339(at), reason: reason.name() }),
        in_flight: in_flight.iter().filter(|order| order.case.id == case.id).map(|order| order.run).collect(),
        last_runs: journal.runs_of(&case.id, LAST_RUNS).iter().map(|report| Summary::of(report)).collect(),
    }
}

impl From<Halt> for Paused {
    fn from(halt: Halt) -> Self {
        let (by, pause) = match halt.by {
            HaltedBy::Override => ("override", None),
            HaltedBy::Maintenance => ("maintenance", None),
            HaltedBy::Pause(id) => ("pause", Some(id)),
        };
        Self {
            by,
            pause,
            reason: halt.reason,
            author: halt.author,
            until: halt.until.map(rfc3339_since_epoch),
        }
    }
}
