//! Pages for errors.

use axum::extract::rejection::{FormRejection, PathRejection, QueryRejection};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::html;
use orbital_run::dispatcher::RunError;

use crate::pages::layout::Page;
use crate::pages::parts::lines;
use crate::problem::Problem;

/// A page that shows an error.
#[derive(Debug)]
pub(super) struct Failure(Problem);

impl Failure {
    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self(Problem::not_found(detail))
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Self(Problem { status, detail, header }) = self;
        let title = status.canonical_reason().unwrap_or("Error");
        let content = html! {
            h1 { (title) }
            p.pre { (lines(&detail)) }
            p { a href="/" { "Go to the overview" } }
        };
        let mut response = (status, Page::bare(title).show(&content)).into_response();
        if let Some((name, value)) = header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self(error.into())
    }
}

impl From<QueryRejection> for Failure {
    fn from(rejection: QueryRejection) -> Self {
        Self(rejection.into())
    }
}

impl From<FormRejection> for Failure {
    fn from(rejection: FormRejection) -> Self {
        Self(Problem::new(rejection.status(), rejection.body_text()))
    }
}

impl From<PathRejection> for Failure {
    fn from(_: PathRejection) -> Self {
        Self(Problem::new(StatusCode::NOT_FOUND, "there is no page at this address"))
    }
}
