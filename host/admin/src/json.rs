//! Escapes characters in JSON answers that a terminal would interpret, or that change the order of text.

use std::borrow::Cow;

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};
use http_body::Body as _;
use orbital_model::text::printable_json;

use crate::problem::Problem;

/// Escapes characters in an answer that a terminal would interpret, or that change the order of text, if it is JSON.
pub(super) async fn printable(response: Response) -> Response {
    if !is_json(response.headers()) || response.body().size_hint().exact().is_none() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => bytes,
        Err(error) => {
            return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
        }
    };
    let escaped = std::str::from_utf8(&bytes).ok().map(printable_json);
    match escaped {
        Some(Cow::Owned(escaped)) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(escaped))
        }
        _ => Response::from_parts(parts, Body::from(bytes)),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).map(|value| value.as_bytes());
    content_type.is_some_and(|value| value.starts_with(b"application/") && value.ends_with(b"json"))
}
