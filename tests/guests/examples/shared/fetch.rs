//! Sending over `wasi:http`, as client libraries do.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{ErrorCode, Fields, Method, OutgoingBody, OutgoingRequest, Scheme};

/// Status and body of the answer to a `POST`.
pub(crate) fn post(url: &str) -> Result<(u16, String), ErrorCode> {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&Method::Post).unwrap();
    request.set_scheme(Some(&if scheme == "http" { Scheme::Http } else { Scheme::Https })).unwrap();
    if request.set_authority(Some(authority)).is_err() {
        return Err(ErrorCode::HttpRequestUriInvalid);
    }
    request.set_path_with_query(Some(path)).unwrap();
    let body = request.body().unwrap();
    let response = handle(request, None)?;
    // A request that is refused takes no body.
    let _ = OutgoingBody::finish(body, None);
    response.subscribe().block();
    let response = response.get().unwrap().unwrap()?;
    let incoming = response.consume().unwrap();
    let stream = incoming.stream().unwrap();
    let mut text = Vec::new();
    while let Ok(piece) = stream.blocking_read(65536) {
        text.extend(piece);
    }
    Ok((response.status(), String::from_utf8_lossy(&text).into_owned()))
}
