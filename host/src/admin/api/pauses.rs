//! `/pauses`: cases that are not to run for a while, by somebody's wish.

use std::time::Duration;

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::routing::{delete, get};
use axum::{Json, Router};
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::admin::Admin;
use crate::admin::problem::Problem;
use crate::pausing::{NewPause, PauseError};
use crate::scheduler::{CasePattern, Pause};

/// The longest reason and name, in bytes.
const LONGEST: usize = 1000;

pub(super) fn routes() -> Router<Admin> {
    Router::new().route("/pauses", get(list).post(begin)).route("/pauses/{pause}", delete(end))
}

#[derive(Serialize)]
struct AllPauses {
    pauses: Vec<Pause>,
    /// Whether they are there after a restart.
    survives_a_restart: bool,
}

#[derive(Serialize)]
struct Begun {
    #[serde(flatten)]
    pause: Pause,
    /// Ids of the cases that are deployed now and that it is for.
    applies_to: Vec<String>,
    survives_a_restart: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// A pattern of case ids.
    cases: String,
    reason: String,
    author: String,
    /// A moment; or else
    until: Option<Timestamp>,
    /// a duration such as `2h`. Without both, until somebody ends it.
    #[serde(rename = "for")]
    lasting: Option<String>,
}

async fn list(State(admin): State<Admin>) -> Json<AllPauses> {
    let survives_a_restart = admin.pauses.survives_a_restart();
    Json(AllPauses { pauses: admin.pauses.current(), survives_a_restart })
}

async fn begin(
    State(admin): State<Admin>,
    wish: Result<Json<Wish>, JsonRejection>,
) -> Result<(StatusCode, Json<Begun>), Problem> {
    let Json(wish) = wish?;
    let wish = wish.check()?;
    let plan = admin.desk.plan().await?;
    let pauses = admin.pauses.clone();
    let pause = blocking(move || pauses.begin(wish)).await?;
    tracing::warn!(
        cases = %pause.cases, author = %pause.author, reason = %pause.reason, until = pause.until.map(tracing::field::display),
        "paused"
    );
    let ids = plan.into_iter().map(|planned| planned.case.id.clone());
    let begun = Begun {
        applies_to: ids.filter(|id| pause.cases.matches(id)).collect(),
        survives_a_restart: admin.pauses.survives_a_restart(),
        pause,
    };
    Ok((StatusCode::CREATED, Json(begun)))
}

async fn end(
    State(admin): State<Admin>,
    pause: Result<Path<Uuid>, PathRejection>,
) -> Result<Json<Pause>, Problem> {
    let Path(id) = pause?;
    let pauses = admin.pauses.clone();
    let pause = blocking(move || pauses.end(id)).await?;
    tracing::warn!(cases = %pause.cases, author = %pause.author, reason = %pause.reason, "resumed");
    Ok(Json(pause))
}

impl Wish {
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
        let cases = CasePattern::parse(&cases).map_err(|reason| wrong(format!("`cases`: {reason}")))?;
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
        Problem::new(status, crate::error::chain(&error))
    })
}
