//! Errors of the private listener, all in one format, that of RFC 9457.

use axum::Json;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use orbital_run::dispatcher::RunError;
use orbital_run::scheduler::Refusal;
use serde::Serialize;
use utoipa::{ToResponse, ToSchema};

/// An error, as `application/problem+json`.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) detail: String,
    /// A header that belongs to the status.
    pub(super) header: Option<(HeaderName, HeaderValue)>,
}

/// An error: why the host did not do what the request asked for (RFC 9457).
#[derive(Serialize, ToSchema, ToResponse)]
#[schema(as = Problem)]
#[response(content_type = "application/problem+json")]
pub(super) struct ProblemBody {
    /// The status as text.
    title: &'static str,
    /// The status.
    status: u16,
    /// The reason for the error, and what would be right.
    detail: String,
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), header: None }
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = ProblemBody { title, status: self.status.as_u16(), detail: self.detail };
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (self.status, content_type, Json(body)).into_response();
        // `Json` sets its own content type.
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        let status = match &error {
            RunError::Refused(Refusal::NoSuchCase(_)) => StatusCode::NOT_FOUND,
            RunError::Refused(_) => StatusCode::CONFLICT,
            RunError::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, error.to_string())
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}
