//! The pipeline over HTTP.
//!
//! | route | answers |
//! | --- | --- |
//! | `POST /events` | 202 accepted, 200 seen before, 400 invalid, 413 too large, 503 queue full, 5xx or nothing if a [fault](crate::faults) is on |
//! | `DELETE /events/{id}` | 204 forgotten, so that its id is a new one again; 404 if it is not known |
//! | `POST /v1/batch` | the same for a batch of Segment's tracking API, as its client libraries send it; 200 when accepted |
//! | `GET /faults` | the faults that are on |
//! | `PUT /faults` | replaces them all, an absent field being off (`{}` heals the pipeline); 400 if unknown or out of range |
//! | `GET /metrics` | numbers in Prometheus' text format |
//! | `GET /healthz` | 200 while it runs |
//!
//! Every refusal has a JSON body `{"errors": ["..."]}`. Bodies are read as JSON whatever their content type says, so
//! that `curl -d` works as it is.

use std::{future::Future, io, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Path, Request, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use crate::{
    faults::Faults,
    limits,
    service::{Pipeline, Receipt, Refusal},
};

/// Serves until `stop` completes, then finishes the requests and the deliveries in flight, within a grace time.
pub async fn serve(
    listener: TcpListener,
    pipeline: Arc<Pipeline>,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let stopping = CancellationToken::new();
    let server = axum::serve(listener, router(pipeline.clone(), stopping.clone()))
        .with_graceful_shutdown(stopping.clone().cancelled_owned());
    let finish = async {
        server.await?;
        pipeline.drain().await;
        Ok(())
    };
    let grace = async {
        stop.await;
        stopping.cancel();
        sleep(limits::STOP_GRACE).await;
    };
    tokio::select! {
        finished = finish => finished,
        () = grace => {
            warn!("stopped with deliveries in flight after {} s", limits::STOP_GRACE.as_secs());
            Ok(())
        }
    }
}

fn router(pipeline: Arc<Pipeline>, stopping: CancellationToken) -> Router {
    let stopping_too = stopping.clone();
    let accept_event = move |State(pipeline), body| accept_event(pipeline, body, stopping.clone());
    let accept_batch = move |State(pipeline), body| accept_batch(pipeline, body, stopping_too.clone());
    Router::new()
        .route("/events", post(accept_event))
        .route("/events/{id}", delete(forget_event))
        .route("/v1/batch", post(accept_batch))
        .route("/faults", get(show_faults).put(set_faults))
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "ok\n" }))
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(from_fn_with_state(pipeline.clone(), drain_large))
        .with_state(pipeline)
}

/// Answers a request whose body is announced as too large, once it has come.
async fn drain_large(State(pipeline): State<Arc<Pipeline>>, request: Request, next: Next) -> Response {
    match announced(request.headers()) {
        Some(size) if size > limits::BODY_BYTES as u64 && size <= limits::DRAINED_BYTES => {
            if request.uri().path() != "/faults" {
                pipeline.count_rejected();
            }
            let mut body = request.into_body();
            while let Some(Ok(_)) = body.frame().await {}
            too_large()
        }
        _ => next.run(request).await,
    }
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

type Body = Result<Bytes, BytesRejection>;

async fn accept_event(pipeline: Arc<Pipeline>, body: Body, stopping: CancellationToken) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => {
            pipeline.count_rejected();
            return unreadable(&rejection);
        }
    };
    match pipeline.accept(&body) {
        Ok(receipt @ Receipt { duplicate: false, .. }) => {
            (StatusCode::ACCEPTED, Json(receipt)).into_response()
        }
        Ok(receipt) => Json(receipt).into_response(),
        Err(refusal) => refuse(refusal, stopping).await,
    }
}

async fn forget_event(State(pipeline): State<Arc<Pipeline>>, Path(id): Path<String>) -> Response {
    if pipeline.forget(&id) {
        StatusCode::NO_CONTENT.into_response()
    } else {
        errors(StatusCode::NOT_FOUND, &["there is no event of this id"])
    }
}

async fn accept_batch(pipeline: Arc<Pipeline>, body: Body, stopping: CancellationToken) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => {
            pipeline.count_rejected();
            return unreadable(&rejection);
        }
    };
    match pipeline.accept_batch(&body) {
        Ok(()) => Json(json!({ "success": true })).into_response(),
        Err(refusal) => refuse(refusal, stopping).await,
    }
}

async fn refuse(refusal: Refusal, stopping: CancellationToken) -> Response {
    match refusal {
        Refusal::Invalid(mistakes) => errors(StatusCode::BAD_REQUEST, &mistakes),
        full @ Refusal::Full => errors(StatusCode::SERVICE_UNAVAILABLE, &[full]),
        broken @ Refusal::Broken(status) => {
            // There is no other status among the faults.
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            errors(status, &[broken])
        }
        stalled @ Refusal::Stalled => {
            // A sender that gives up closes its connection, which ends this too.
            let _ = timeout(limits::STALL, stopping.cancelled()).await;
            errors(StatusCode::SERVICE_UNAVAILABLE, &[stalled])
        }
    }
}

async fn show_faults(State(pipeline): State<Arc<Pipeline>>) -> Json<Faults> {
    Json(pipeline.faults())
}

async fn set_faults(State(pipeline): State<Arc<Pipeline>>, body: Body) -> Response {
    match body.map(|body| Faults::parse(&body, pipeline.routes())) {
        Err(rejection) => unreadable(&rejection),
        Ok(Err(error)) => errors(StatusCode::BAD_REQUEST, &[error]),
        Ok(Ok(faults)) => {
            pipeline.set_faults(faults.clone());
            Json(faults).into_response()
        }
    }
}

async fn metrics(State(pipeline): State<Arc<Pipeline>>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], pipeline.render_metrics()).into_response()
}

fn unreadable(rejection: &BytesRejection) -> Response {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => too_large(),
        status => errors(status, &[rejection.body_text()]),
    }
}

fn too_large() -> Response {
    let error = format!("the body is larger than {} bytes", limits::BODY_BYTES);
    errors(StatusCode::PAYLOAD_TOO_LARGE, &[error])
}

fn errors(status: StatusCode, errors: &[impl ToString]) -> Response {
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    (status, Json(json!({ "errors": errors }))).into_response()
}
