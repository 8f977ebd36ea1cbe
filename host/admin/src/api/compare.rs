//! `/compare`: the comparison of two other hosts.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use http::StatusCode;
use orbital_compare::{AskError, Comparison};
use orbital_model::Pattern;
use orbital_model::error::chain;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Admin;
use crate::problem::{Problem, ProblemBody};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::default().routes(routes!(compare))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Pair {
    /// The name of a section `[environments.NAME]`.
    one: String,
    /// The name of another section `[environments.NAME]`.
    other: String,
    /// How far to look back, such as `15m`; a day by default.
    window: Option<String>,
    /// Only cases whose ids match this pattern, such as `shop/*`.
    cases: Option<String>,
}

/// Compares two environments, and marks what differs by more than noise.
#[utoipa::path(
    get,
    path = "/compare",
    operation_id = "compare",
    params(Pair),
    responses(
        (status = 200, description = "What they have said.", body = Comparison),
        (status = 400, response = ProblemBody),
        (status = 404, response = ProblemBody),
        (status = 502, response = ProblemBody)
    )
)]
async fn compare(
    State(admin): State<Admin>,
    pair: Result<Query<Pair>, QueryRejection>,
) -> Result<Json<Comparison>, Problem> {
    let Query(Pair { one, other, window, cases }) = pair?;
    let window = super::window(window.as_deref())?;
    let cases = cases.as_deref().map(Pattern::parse).transpose().map_err(Problem::bad_request)?;
    let environments = admin.environments.borrow().clone();
    let comparison = environments.compare([&one, &other], window, cases.as_ref()).await;
    Ok(Json(comparison.map_err(Problem::from)?))
}

impl From<Vec<AskError>> for Problem {
    fn from(errors: Vec<AskError>) -> Self {
        let status = match errors.first() {
            Some(AskError::Unknown { .. }) => StatusCode::NOT_FOUND,
            Some(AskError::Same(_)) => StatusCode::BAD_REQUEST,
            _ => StatusCode::BAD_GATEWAY,
        };
        let reasons: Vec<_> = errors.iter().map(|error| chain(error)).collect();
        Self::new(status, reasons.join("; "))
    }
}
