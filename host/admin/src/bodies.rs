//! Bodies of requests to the private listener: short forms and pauses, read before anything is done.
//!
//! A request is in progress until its body has been read, and its connection is never closed for another one. So the
//! time is limited too, and bodies are read only on the routes that take one: a request with an unfinished body to any
//! other path, such as those of health and metrics, is rejected at once, and its connection closed.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, Method, StatusCode, header};
use http_body::Body as _;

use crate::problem::Problem;

/// Routes whose POST takes a body. Everywhere else a body is rejected.
const ROUTES: [&str; 4] =
    ["/sign-in", "/cases/{component}/{case}/pause", "/cases/{component}/{case}/resume", "/api/v1/pauses"];

/// Routes that change something and take no body. All remaining routes exist only with the methods GET and HEAD.
const WITHOUT_BODY: [&str; 4] = [
    "/sign-out",
    "/cases/{component}/{case}/run",
    "/api/v1/cases/{component}/{case}/runs",
    "/api/v1/pauses/{pause}",
];

/// The largest body, in bytes.
const MOST: usize = 64 << 10;

/// The timeout for reading a body.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Closes a connection: after a request whose body is not read, no other request can follow.
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// Reads the body of a request to one of [`ROUTES`], and passes it on complete. Rejects a body elsewhere, unless the
/// router rejects the request anyway, because it has no such path or method.
pub(super) async fn read(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let is_read_only = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_read_only || WITHOUT_BODY.contains(&route) {
        return unexpected().into_response();
    }
    if request.method() != Method::POST || !ROUTES.contains(&route) {
        let mut answer = next.run(request.map(|_| Body::empty())).await;
        answer.headers_mut().insert(header::CONNECTION, CLOSE);
        return answer;
    }
    let (parts, body) = request.into_parts();
    match tokio::time::timeout(TIMEOUT, whole(body)).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, body)).await,
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => {
            let detail = format!("the body of the request did not come within {} s", TIMEOUT.as_secs());
            Problem::new(StatusCode::REQUEST_TIMEOUT, detail).into_response()
        }
    }
}

fn unexpected() -> Problem {
    let mut problem =
        Problem::bad_request("this path and method take no body; send the request without `content-length`");
    problem.header = Some((header::CONNECTION, CLOSE));
    problem
}

async fn whole(body: Body) -> Result<Body, Problem> {
    match to_bytes(body, MOST).await {
        Ok(bytes) => Ok(Body::from(bytes)),
        Err(error) if is_too_large(&error) => {
            let detail = format!("the body of the request has more than {MOST} bytes");
            Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail))
        }
        Err(error) => Err(Problem::bad_request(format!("the body of the request cannot be read: {error}"))),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::{delete, post};
    use bytes::Bytes;
    use tower_service::Service as _;

    use super::*;

    async fn answer(method: Method, path: &str, body: Body) -> StatusCode {
        let take = async |body: Bytes| body;
        let routes =
            Router::new().route("/pauses", post(take).get(take)).route("/pauses/{pause}", delete(take));
        let router = Router::new().nest("/api/v1", routes).layer(from_fn(read));
        let request = Request::builder().method(method).uri(path).body(body).unwrap();
        router.clone().call(request).await.unwrap().status()
    }

    fn silent() -> Body {
        Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>())
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_is_read_completely_and_has_limits_of_size_and_time() {
        let answer = async |body| answer(Method::POST, ROUTES[3], body).await;
        assert_eq!(answer(Body::from(vec![b'x'; MOST])).await, StatusCode::OK);
        assert_eq!(answer(Body::from(vec![b'x'; MOST + 1])).await, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(answer(silent()).await, StatusCode::REQUEST_TIMEOUT);
        let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]);
        assert_eq!(answer(Body::from_stream(broken)).await, StatusCode::BAD_REQUEST);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_no_route_takes_is_rejected_unread() {
        for (method, path) in [(Method::GET, ROUTES[3]), (Method::DELETE, "/api/v1/pauses/1")] {
            assert_eq!(answer(method.clone(), path, Body::empty()).await, StatusCode::OK, "{method} {path}");
            assert_eq!(answer(method, path, silent()).await, StatusCode::BAD_REQUEST, "{path}");
        }
        assert_eq!(answer(Method::DELETE, ROUTES[3], silent()).await, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer(Method::POST, "/unknown", silent()).await, StatusCode::NOT_FOUND);
    }
}
