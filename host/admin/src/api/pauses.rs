//! `/pauses`: cases that somebody has paused for a while.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use jiff::Timestamp;
use orbital_model::Pattern;
use orbital_run::pausing::{NewPause, PauseError};
use orbital_run::scheduler::Pause;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Admin;
use crate::api::{Nothing, Page};
use crate::problem::{Problem, ProblemBody};

/// The maximum length of a reason and of an author's name, in bytes.
const LONGEST: usize = 1000;

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::default().routes(routes!(list, begin)).routes(routes!(end))
}

#[derive(Serialize, ToSchema)]
struct AllPauses {
    /// The pauses, newest first.
    pauses: Vec<Pause>,
    /// The value of `before` for the next page; `null` if this is the last page.
    #[schema(required)]
    next: Option<Uuid>,
    /// Whether pauses survive a restart.
    survives_a_restart: bool,
}

#[derive(Serialize, ToSchema)]
struct StartedPause {
    #[serde(flatten)]
    pause: Pause,
    /// Ids of the cases that are deployed now and that the pause applies to.
    applies_to: Vec<String>,
    survives_a_restart: bool,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPause)]
pub(crate) struct PauseRequest {
    /// A pattern of the ids of the cases to pause.
    #[schema(example = "checkout/*")]
    pub(crate) cases: String,
    /// The reason for the pause.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    pub(crate) reason: String,
    /// The person who wants the pause.
    #[schema(min_length = 1, max_length = 1000, pattern = "\\S")]
    pub(crate) author: String,
    /// When the pause ends. Cannot be combined with `for`; without both, the pause lasts until somebody ends it.
    pub(crate) until: Option<Timestamp>,
    /// The duration of the pause, such as `2h`. Cannot be combined with `until`; without both, the pause lasts until
    /// somebody ends it.
    #[serde(rename = "for")]
    #[schema(example = "1h 30m", pattern = "^([0-9]+ ?(s|m|h|d) ?)+$")]
    pub(crate) lasting: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// The `next` of the previous page.
    before: Option<Uuid>,
    /// The maximum number of pauses; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Lists pauses.
#[utoipa::path(
    get,
    path = "/pauses",
    operation_id = "list_pauses",
    params(Filter),
    responses(
        (status = 200, description = "The newest first.", body = AllPauses),
        (status = 400, response = ProblemBody)
    )
)]
async fn list(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<AllPauses>, Problem> {
    let Query(Filter { before, limit }) = filter?;
    let wanted = |pause: &Pause| before.is_none_or(|before| pause.id < before);
    let newest = admin.pauses.current().into_iter().rev();
    let page = Page::read(limit, |most| newest.filter(wanted).take(most).collect())?;
    let next = page.next(|last| last.id);
    let survives_a_restart = admin.pauses.survives_a_restart();
    Ok(Json(AllPauses { pauses: page.items, next, survives_a_restart }))
}

/// Pauses cases: runs that become due meanwhile are skipped. Runs in flight continue.
#[utoipa::path(
    post,
    path = "/pauses",
    operation_id = "pause",
    request_body = PauseRequest,
    responses(
        (status = 201, description = "The pause has begun.", body = StartedPause),
        (status = 400, response = ProblemBody),
        (status = 408, response = ProblemBody),
        (status = 409, response = ProblemBody),
        (status = 413, response = ProblemBody),
        (status = 415, response = ProblemBody),
        (status = 422, response = ProblemBody),
        (status = 503, response = ProblemBody),
        (status = 507, response = ProblemBody)
    )
)]
async fn begin(
    State(admin): State<Admin>,
    parameters: Result<Query<Nothing>, QueryRejection>,
    request: Result<Json<PauseRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<StartedPause>), Problem> {
    parameters?;
    let Json(request) = request?;
    let plan = admin.dispatcher.plan().await?;
    let pause = self::pause(&admin, request).await?;
    let ids = plan.into_iter().map(|planned| planned.case.id.to_string());
    let begun = StartedPause {
        applies_to: ids.filter(|id| pause.cases.matches(id)).collect(),
        survives_a_restart: admin.pauses.survives_a_restart(),
        pause,
    };
    Ok((StatusCode::CREATED, Json(begun)))
}

/// Ends a pause, and resumes the cases that it paused.
#[utoipa::path(
    delete,
    path = "/pauses/{pause}",
    operation_id = "resume",
    params(("pause" = Uuid, Path, description = "The pause's id.")),
    responses(
        (status = 200, description = "The pause that has ended.", body = Pause),
        (status = 400, response = ProblemBody),
        (status = 404, response = ProblemBody),
        (status = 507, response = ProblemBody)
    )
)]
async fn end(
    State(admin): State<Admin>,
    pause: Result<Path<Uuid>, PathRejection>,
    parameters: Result<Query<Nothing>, QueryRejection>,
) -> Result<Json<Pause>, Problem> {
    let Path(id) = pause?;
    parameters?;
    Ok(Json(resume(&admin, id).await?))
}

/// Begins a pause.
pub(crate) async fn pause(admin: &Admin, request: PauseRequest) -> Result<Pause, Problem> {
    let request = request.check()?;
    let pauses = admin.pauses.clone();
    let pause = blocking(move || pauses.begin(request)).await?;
    tracing::warn!(
        cases = %pause.cases, author = %pause.author, reason = %pause.reason, until = pause.until.map(tracing::field::display),
        "paused"
    );
    Ok(pause)
}

/// Ends a pause.
pub(crate) async fn resume(admin: &Admin, id: Uuid) -> Result<Pause, Problem> {
    let pauses = admin.pauses.clone();
    let pause = blocking(move || pauses.end(id)).await?;
    tracing::warn!(cases = %pause.cases, author = %pause.author, reason = %pause.reason, "resumed");
    Ok(pause)
}

impl PauseRequest {
    fn check(self) -> Result<NewPause, Problem> {
        let Self { cases, reason, author, until, lasting } = self;
        let wrong = |reason: String| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, reason);
        for (name, value, example) in
            [("reason", &reason, "the CRM is being moved"), ("author", &author, "ada@example.com")]
        {
            if value.trim().is_empty() {
                return Err(wrong(format!("`{name}` is empty; say such as `{example}`")));
            }
            if value.len() > LONGEST {
                return Err(wrong(format!(
                    "`{name}` has {} bytes; at most {LONGEST} are allowed",
                    value.len()
                )));
            }
        }
        let cases = Pattern::parse(&cases).map_err(|reason| wrong(format!("`cases`: {reason}")))?;
        let now = Timestamp::now();
        let until = match (until, lasting) {
            (None, None) => None,
            (Some(until), None) => Some(until),
            (None, Some(lasting)) => Some(later(now, &lasting).map_err(wrong)?),
            (Some(_), Some(_)) => {
                return Err(wrong("`until` and `for` contradict each other; keep one".to_owned()));
            }
        };
        if until.is_some_and(|until| until <= now) {
            return Err(wrong("the pause would be over already; `until` must be in the future".to_owned()));
        }
        Ok(NewPause { cases, reason, author, until })
    }
}

fn later(now: Timestamp, lasting: &str) -> Result<Timestamp, String> {
    let lasting = humantime::parse_duration(lasting).ok().filter(|lasting| *lasting > Duration::ZERO);
    let later = lasting.and_then(|lasting| now.checked_add(lasting).ok());
    later.ok_or_else(|| "`for` must be a duration such as `30m` or `2h`".to_owned())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PauseError> + Send + 'static,
) -> Result<T, Problem> {
    let result = tokio::task::spawn_blocking(work).await;
    let result =
        result.map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    result.map_err(|error| {
        let status = match &error {
            PauseError::TooMany => StatusCode::CONFLICT,
            PauseError::NoSuchPause(_) => StatusCode::NOT_FOUND,
            PauseError::NotKept(_) => StatusCode::INSUFFICIENT_STORAGE,
        };
        Problem::new(status, orbital_model::error::chain(&error))
    })
}
