//! Entity tags: whoever has an answer of the API already is told that it is still the same, without it.

use std::fmt::Write as _;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body::Body as _;
use sha2::{Digest as _, Sha256};

use crate::problem::Problem;

/// How many bytes of a digest are a tag: no two answers have the same by chance.
const LENGTH: usize = 16;

/// Adds a strong tag to what GET and HEAD are answered, and answers 304 to whoever has that. What is sent bit by
/// bit, without an end that is known, passes as it is.
pub(super) async fn tag(request: Request, next: Next) -> Response {
    let known = match *request.method() {
        Method::GET | Method::HEAD => request.headers().get_all(header::IF_NONE_MATCH).iter().cloned(),
        _ => return next.run(request).await,
    };
    let known: Vec<HeaderValue> = known.collect();
    let response = next.run(request).await;
    if response.status() != StatusCode::OK || response.body().size_hint().exact().is_none() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = match to_bytes(body, usize::MAX).await {
        Ok(body) => body,
        Err(error) => {
            return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
        }
    };
    let tag = strong_tag(&body);
    let is_known = known.iter().any(|known| lists(known, &tag));
    parts.headers.extend(headers(&tag));
    if is_known {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        // Of no known length: it would be taken for that of the answer which is left out.
        return Response::from_parts(parts, Body::from_stream(stream::empty::<Result<&[u8], axum::Error>>()));
    }
    Response::from_parts(parts, Body::from(body))
}

/// The tag, and that nothing is to be used again without asking.
fn headers(tag: &str) -> HeaderMap {
    let tag = HeaderValue::try_from(tag).map(|tag| (header::ETAG, tag));
    let ask = (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    tag.into_iter().chain([ask]).collect()
}

fn strong_tag(body: &[u8]) -> String {
    let mut tag = String::from("\"");
    for byte in &Sha256::digest(body)[..LENGTH] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

/// Whether a value of `If-None-Match` has this tag. Strong or weak is all the same there (RFC 9110, 13.1.2), and no
/// tag of ours has a comma.
fn lists(value: &HeaderValue, tag: &str) -> bool {
    let Ok(value) = value.to_str() else { return false };
    value.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_found_among_others_weak_or_strong() {
        let tag = strong_tag(b"one");
        assert_eq!(tag.len(), 2 + 2 * LENGTH);
        assert_ne!(tag, strong_tag(b"other"));
        let listed = |value: String| lists(&HeaderValue::try_from(value).unwrap(), &tag);
        for known in [tag.clone(), format!("W/{tag}"), format!("\"a,b\", {tag}"), "*".to_owned()] {
            assert!(listed(known.clone()), "{known}");
        }
        for other in [String::new(), tag.replace('"', ""), format!("{tag}x"), "\"*\"".to_owned()] {
            assert!(!listed(other.clone()), "{other}");
        }
    }
}
