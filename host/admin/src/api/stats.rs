//! `/stats` and the series of a case: statistics of the runs in a window of time.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use http::StatusCode;
use orbital_history::{Histogram, HistoryError, Quantiles, Rollup, Step};
use orbital_model::timestamp::rfc3339;
use orbital_model::{CaseId, Outcome, Pattern};
use orbital_run::scheduler::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Admin;
use crate::problem::{Problem, ProblemBody};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::default().routes(routes!(stats)).routes(routes!(series))
}

#[derive(Serialize, ToSchema)]
struct Stats {
    /// The beginning of the window in which the counted runs were started.
    #[schema(format = DateTime)]
    from: String,
    /// The end of the window in which the counted runs were started.
    #[schema(format = DateTime)]
    to: String,
    /// The cases that ran in the window, sorted by id.
    cases: Vec<CaseStats>,
}

#[derive(Serialize, ToSchema)]
struct CaseStats {
    id: String,
    #[serde(flatten)]
    sum: Sum,
    /// The latency of deliveries, in seconds; `null` without deliveries.
    #[schema(required)]
    latency: Option<Distribution>,
}

#[derive(Serialize, ToSchema)]
struct Series {
    id: String,
    step_seconds: u64,
    /// The points in the order of time, without gaps.
    points: Vec<Point>,
}

#[derive(Serialize, ToSchema)]
struct Point {
    /// When the step of the point begins.
    #[schema(format = DateTime)]
    at: String,
    #[serde(flatten)]
    sum: Sum,
    /// The latency of deliveries, in seconds; `null` without deliveries.
    #[schema(required)]
    latency: Option<Spread>,
}

/// Statistics of runs, except for their deliveries.
#[derive(Serialize, ToSchema)]
struct Sum {
    runs: Runs,
    /// The number of runs that passed after an attempt that did not. They are also counted in `runs.pass`.
    flaky: u32,
    /// The proportion of runs that passed, without cancelled runs; `null` if there are none.
    #[schema(required)]
    pass_ratio: Option<f64>,
    /// The duration of runs, in seconds; `null` without runs.
    #[schema(required)]
    duration: Option<Spread>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = RunCounts)]
struct Runs {
    pass: u32,
    fail: u32,
    timeout: u32,
    error: u32,
    cancelled: u32,
}

#[derive(Serialize, ToSchema)]
struct Spread {
    p50: f64,
    p95: f64,
    p99: f64,
    max: f64,
}

#[derive(Serialize, ToSchema)]
struct Distribution {
    #[serde(flatten)]
    spread: Spread,
    count: u64,
    /// Pairs of a bound in seconds and the number of deliveries that took at most this long, and longer than the bound
    /// of the bucket before.
    buckets: Vec<(f64, u32)>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// How far to look back, such as `15m`: from a minute to 49 days; a day by default.
    window: Option<String>,
    /// Only cases whose ids match this pattern, such as `shop/*`.
    cases: Option<String>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Plot {
    /// How far to look back, such as `15m`: from a minute to 49 days; a day by default.
    window: Option<String>,
    /// How much time each point covers, such as `5m`.
    step: Option<String>,
}

/// Shows statistics of the runs of all cases.
#[utoipa::path(
    get,
    path = "/stats",
    operation_id = "stats",
    params(Wanted),
    responses(
        (status = 200, description = "Of cases that ran in the window.", body = Stats),
        (status = 400, response = ProblemBody),
        (status = 404, response = ProblemBody),
        (status = 503, response = ProblemBody)
    )
)]
async fn stats(
    State(admin): State<Admin>,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Stats>, Problem> {
    let Query(Wanted { window, cases }) = wanted?;
    let window = super::window(window.as_deref())?;
    let cases = cases.as_deref().map(Pattern::parse).transpose().map_err(Problem::bad_request)?;
    let wanted = move |id: &CaseId| cases.as_ref().is_none_or(|cases| cases.matches(id));
    let found = admin.history.stats(window, wanted).await?;
    let case = |(id, runs): (CaseId, Rollup)| CaseStats {
        id: id.to_string(),
        sum: Sum::of(&runs),
        latency: Distribution::of(&runs.latency),
    };
    let cases = found.cases.into_iter().map(case).collect();
    Ok(Json(Stats { from: rfc3339(found.from), to: rfc3339(found.to), cases }))
}

/// Shows statistics of the runs of a case, step by step.
#[utoipa::path(
    get,
    path = "/cases/{component}/{case}/series",
    operation_id = "series",
    params(
        ("component" = String, Path, description = "The component's name."),
        ("case" = String, Path, description = "The case's name."),
        Plot
    ),
    responses(
        (status = 200, description = "By time.", body = Series),
        (status = 400, response = ProblemBody),
        (status = 404, response = ProblemBody),
        (status = 503, response = ProblemBody)
    )
)]
async fn series(
    State(admin): State<Admin>,
    path: Result<Path<(String, String)>, PathRejection>,
    plot: Result<Query<Plot>, QueryRejection>,
) -> Result<Json<Series>, Problem> {
    let Path((component, case)) = path?;
    let Query(Plot { window, step }) = plot?;
    let window = super::window(window.as_deref())?;
    let step = step.as_deref().map(duration).transpose()?;
    let step = Step::new(window, step).map_err(|reason| Problem::bad_request(format!("`step`: {reason}")))?;
    let id = CaseId::new(&component, &case);
    let found = admin.history.series(id.clone(), window, step).await?;
    let is_planned =
        async || admin.dispatcher.plan().await.map(|plan| plan.iter().any(|planned| planned.case.id == id));
    if found.points.iter().all(|point| point.runs.total() == 0) && !is_planned().await? {
        return Err(Problem::not_found(Refusal::NoSuchCase(id).to_string()));
    }
    let point = |orbital_history::Point { at, runs }: orbital_history::Point| Point {
        at: rfc3339(at),
        sum: Sum::of(&runs),
        latency: runs.latency.quantiles().map(Spread::from),
    };
    let points = found.points.into_iter().map(point).collect();
    Ok(Json(Series { id: id.to_string(), step_seconds: found.step.as_secs(), points }))
}

fn duration(text: &str) -> Result<Duration, Problem> {
    humantime::parse_duration(text).map_err(|error| {
        Problem::bad_request(format!("`step`: `{text}` is not a duration such as `5m`: {error}"))
    })
}

impl Sum {
    fn of(rollup: &Rollup) -> Self {
        let runs = Runs {
            pass: rollup.runs(Outcome::Pass),
            fail: rollup.runs(Outcome::Fail),
            timeout: rollup.runs(Outcome::Timeout),
            error: rollup.runs(Outcome::Error),
            cancelled: rollup.runs(Outcome::Cancelled),
        };
        let duration = rollup.duration.quantiles().map(Spread::from);
        Self { runs, flaky: rollup.flaky(), pass_ratio: rollup.pass_ratio(), duration }
    }
}

impl Distribution {
    fn of(histogram: &Histogram) -> Option<Self> {
        Some(Self {
            spread: Spread::from(histogram.quantiles()?),
            count: histogram.count(),
            buckets: histogram.buckets().map(|(bound, count)| (bound.as_secs_f64(), count)).collect(),
        })
    }
}

impl From<Quantiles> for Spread {
    fn from(of: Quantiles) -> Self {
        let [p50, p95, p99, max] = [of.p50, of.p95, of.p99, of.max].map(|value| value.as_secs_f64());
        Self { p50, p95, p99, max }
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        let status = match &error {
            HistoryError::Off => StatusCode::NOT_FOUND,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, orbital_model::error::chain(&error))
    }
}
