//! `/config`: what became of the configuration file.

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::admin::Admin;
use crate::report::timestamp::rfc3339;

pub(super) fn routes() -> Router<Admin> {
    Router::new().route("/config", get(show))
}

#[derive(Serialize)]
struct Config {
    path: String,
    /// When the settings that act were read.
    loaded_at: String,
    /// Why the file on disk does not act; then the last good one does.
    error: Option<String>,
    /// Settings whose change acts at the next start only.
    at_next_start: Vec<&'static str>,
}

async fn show(State(admin): State<Admin>) -> Json<Config> {
    let status = admin.config.borrow().clone();
    Json(Config {
        path: status.path.display().to_string(),
        loaded_at: rfc3339(status.loaded_at),
        error: status.failure,
        at_next_start: status.at_next_start,
    })
}
