//! The API, in JSON. Times are in UTC (RFC 3339), measured durations in seconds.

mod cases;
mod compare;
mod components;
mod config;
pub(super) mod deliveries;
mod history;
mod openapi;
mod page;
pub(super) mod pauses;
mod runs;
mod stats;

use axum::Router;
use axum::middleware::from_fn;
use http::Uri;
use orbital_model::Window;
use utoipa_axum::router::OpenApiRouter;

use crate::Admin;
use crate::etag::tag;
use crate::problem::Problem;
use page::{Limit, Nothing, Page};

/// Returns all routes, including that of their description.
pub(super) fn routes() -> Router<Admin> {
    let described = OpenApiRouter::with_openapi(openapi::about())
        .merge(components::routes())
        .merge(cases::routes())
        .merge(runs::routes())
        .merge(pauses::routes())
        .merge(deliveries::routes())
        .merge(history::routes())
        .merge(stats::routes())
        .merge(config::routes())
        .merge(compare::routes());
    let (routes, description) = described.split_for_parts();
    routes
        .merge(openapi::routes(description))
        .layer(from_fn(tag))
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

/// Parses how far to look back; a day by default.
fn window(text: Option<&str>) -> Result<Window, Problem> {
    let parsed = text.map_or(Ok(Window::DAY), str::parse);
    parsed.map_err(|reason| Problem::bad_request(format!("`window`: {reason}")))
}

/// Returns whether a text contains another one, ignoring upper and lower case.
fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}
