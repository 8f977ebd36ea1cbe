//! `/config`: the state of the configuration file.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
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
struct Config {
    path: String,
    /// When the settings in effect were read.
    #[schema(format = DateTime)]
    loaded_at: String,
    /// Why the file on disk is invalid, so that the last valid configuration is in effect; `null` if the file is valid.
    #[schema(required)]
    error: Option<String>,
    /// Names of changed settings that take effect only after a restart.
    at_next_start: Vec<&'static str>,
}

/// Shows the state of the configuration file.
#[utoipa::path(
    get,
    path = "/config",
    operation_id = "show_config",
    responses((status = 200, description = "The configuration in effect.", body = Config), (status = 400, response = ProblemBody))
)]
async fn show(
    State(admin): State<Admin>,
    parameters: Result<Query<Nothing>, QueryRejection>,
) -> Result<Json<Config>, Problem> {
    parameters?;
    let status = admin.config.borrow().clone();
    Ok(Json(Config {
        path: status.path.display().to_string(),
        loaded_at: rfc3339(status.loaded_at),
        error: status.failure,
        at_next_start: status.at_next_start,
    }))
}
