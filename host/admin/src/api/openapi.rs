//! The description of the API in OpenAPI, made from the types that are served and from what all answers share.

use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::get;
use bytes::Bytes;
use http::header;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{OpenApi, Ref, RefOr, Response};
use utoipa::{Modify, OpenApi as _};

use crate::Admin;
use crate::problem::ProblemBody;

/// Error statuses that every path may answer, whatever the request is.
const REFUSALS: [&str; 3] = ["401", "403", "429"];

/// The description of the API without its paths, which come from where they are served.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "orbital",
        description = "What is deployed, what runs when, what ran, what the webhook received; running a case now, pausing and \
                       resuming. Times are in UTC (RFC 3339), durations in seconds. What is not known, or not so, is null."
    ),
    servers((url = "/api/v1")),
    components(responses(ProblemBody)),
    // Without `admin.token`, every process on this machine has access.
    security((), ("token" = [])),
    modifiers(&Token)
)]
struct About;

struct Token;

impl Modify for Token {
    fn modify(&self, description: &mut OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("What `admin.token` of the host's configuration has, if there is one."));
        let components = description.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(scheme.build()));
    }
}

/// Returns the description of the API without its paths.
pub(super) fn about() -> OpenApi {
    About::openapi()
}

/// Returns the route of the description of these paths.
pub(super) fn routes(mut description: OpenApi) -> Router<Admin> {
    for path in description.paths.paths.values_mut() {
        for operation in [&mut path.post, &mut path.delete].into_iter().flatten() {
            add_refusals(operation);
        }
        if let Some(operation) = &mut path.get {
            add_refusals(operation);
            add_tag(operation);
        }
    }
    // A description that is made of our own types can be written as JSON.
    let text = Bytes::from(serde_json::to_vec(&description).unwrap_or_default());
    let serve = move || async move { ([(header::CONTENT_TYPE, "application/json")], text).into_response() };
    Router::new().route("/openapi.json", get(serve))
}

fn add_refusals(operation: &mut Operation) {
    for status in REFUSALS {
        let problem = RefOr::Ref(Ref::from_response_name("ProblemBody"));
        operation.responses.responses.insert(status.to_owned(), problem);
    }
}

/// Describes what `etag.rs` adds to every answer.
fn add_tag(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    if let Some(RefOr::T(answer)) = responses.get_mut("200") {
        let tag = HeaderBuilder::new().description(Some("Send it as `If-None-Match` the next time."));
        answer.headers.insert("etag".to_owned(), tag.build().into());
    }
    let unchanged = Response::new("It is still what `If-None-Match` names.");
    responses.insert("304".to_owned(), unchanged.into());
}
