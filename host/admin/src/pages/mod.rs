//! Pages for people: HTML that is rendered here and readable without scripts; a small script keeps it up to date.
//!
//! Untrusted text is escaped by `html!`, and shown by [`parts::text`] and [`parts::lines`]. A POST is answered with a
//! redirect to a page; only a POST changes anything.

mod assets;
mod case;
mod compare;
mod components;
mod failure;
mod figures;
mod layout;
mod live;
mod overview;
mod own;
mod parts;
mod paths;
mod plot;
mod run;
mod runs;
mod sign_in;
mod timeline;
mod view;
mod webhook;
mod windows;

use axum::Router;
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderValue, Uri, header};

use crate::{Admin, probes};
use failure::Failure;
use own::lead_to;

pub(super) use sign_in::invite;

/// The content security policy of pages: they may use styles and scripts, and both only from this host.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .merge(overview::routes())
        .merge(case::routes())
        .merge(run::routes())
        .merge(runs::routes())
        .merge(components::routes())
        .merge(compare::routes())
        .merge(webhook::routes())
        .merge(sign_in::routes())
        .merge(live::routes())
        .merge(assets::routes())
        .route("/cases", get(|| async { lead_to("/") }))
        .fallback(
            |uri: Uri| async move { Failure::not_found(format!("there is no page at `{}`", uri.path())) },
        )
        .layer(map_response(async |response| settled(response)))
}

/// Returns whether a path needs no token: that of the sign-in page, and those of its assets.
pub(super) fn is_open(path: &str) -> bool {
    path == paths::SIGN_IN || path.starts_with(assets::FOLDER)
}

/// Returns whether a path is that of a page, as opposed to data or a part of a page.
pub(super) fn is_page(path: &str) -> bool {
    let is_data = probes::PATHS.contains(&path) || path == live::PATH || path.starts_with("/api/");
    !is_data && !path.starts_with(assets::FOLDER)
}

/// Adds the headers that tell browsers what a page may do.
fn settled(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Without any referrer, browsers would send forms as if they came from another site.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}
