//! Bodies of requests to the private listener: short forms and pauses, read before anything is done.
//!
//! A request is in progress until its body has come, and its connection is never closed for another one. So there is a
//! limit on the time, too.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use super::problem::Problem;

/// The largest body, in bytes.
const MOST: usize = 64 << 10;

/// How long a body may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads the body of a request, and has the next handler take it as it is.
pub(super) async fn read(request: Request, next: Next) -> Response {
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
    use axum::routing::post;
    use bytes::Bytes;
    use tower_service::Service as _;

    use super::*;

    async fn answer(body: Body) -> StatusCode {
        let router = Router::new().route("/", post(async |body: Bytes| body)).layer(from_fn(read));
        let request = Request::post("/").body(body).unwrap();
        router.clone().call(request).await.unwrap().status()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_comes_whole_in_time_and_is_small() {
        assert_eq!(answer(Body::from(vec![b'x'; MOST])).await, StatusCode::OK);
        assert_eq!(answer(Body::from(vec![b'x'; MOST + 1])).await, StatusCode::PAYLOAD_TOO_LARGE);
        let silent = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        assert_eq!(answer(Body::from_stream(silent)).await, StatusCode::REQUEST_TIMEOUT);
        let broken = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("gone"))]);
        assert_eq!(answer(Body::from_stream(broken)).await, StatusCode::BAD_REQUEST);
    }
}
