//! The API, in JSON. Times are in UTC (RFC 3339), measured durations in seconds.

mod cases;
mod components;
mod config;
mod deliveries;
mod pauses;
mod runs;

use axum::Router;
use http::Uri;

use super::Admin;
use super::problem::Problem;

pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .merge(components::routes())
        .merge(cases::routes())
        .merge(runs::routes())
        .merge(pauses::routes())
        .merge(deliveries::routes())
        .merge(config::routes())
        .fallback(|uri: Uri| async move {
            Problem::not_found(format!(
                "there is nothing at `{}`; docs/api.md lists what there is",
                uri.path()
            ))
        })
        .method_not_allowed_fallback(|| async {
            Problem::new(
                http::StatusCode::METHOD_NOT_ALLOWED,
                "this path does not know this method; docs/api.md lists what there is",
            )
        })
}

/// How many things one answer may have.
const MOST: usize = 500;

/// How many it has if nobody says.
const SOME: usize = 50;

/// A number of things that one answer can have.
fn limit(limit: Option<usize>) -> Result<usize, Problem> {
    match limit.unwrap_or(SOME) {
        limit @ 1..=MOST => Ok(limit),
        _ => Err(Problem::bad_request(format!("`limit` must be a number from 1 to {MOST}"))),
    }
}
