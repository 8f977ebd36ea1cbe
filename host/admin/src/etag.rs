//! Entity tags: a client that already has an answer of the API gets 304 instead of the same content again.

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

/// The number of bytes of a digest in a tag: so many that no two answers have the same tag by chance.
const LENGTH: usize = 16;

/// Adds a strong tag to answers to GET and HEAD, and answers 304 if the client has an answer with this tag. Streamed
/// answers, whose length is not known, are passed on unchanged.
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
        // Without a known length: that of this body would be taken for that of the omitted answer.
        return Response::from_parts(parts, Body::from_stream(stream::empty::<Result<&[u8], axum::Error>>()));
    }
    Response::from_parts(parts, Body::from(body))
}

/// Returns the tag, and the header that forbids using the answer again without asking.
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

/// Returns whether a value of `If-None-Match` contains this tag. Strong and weak tags are compared alike there
/// (RFC 9110, 13.1.2), and our tags contain no commas.
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
