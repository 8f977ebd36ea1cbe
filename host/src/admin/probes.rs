//! Health, readiness and metrics: for machines that look again and again.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{HeaderName, StatusCode, header};

use super::Admin;
use crate::report::message;

pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
}

async fn ready(State(admin): State<Admin>) -> (StatusCode, String) {
    let snapshot = admin.deployed.borrow().clone();
    let mut text = match snapshot.ready {
        true => format!("ready: {} components\n", snapshot.components.len()),
        false => "not ready: the components are being loaded\n".to_owned(),
    };
    for (component, failure) in &snapshot.failures {
        let _ = writeln!(text, "component `{component}` did not load: {}", message(&failure.error));
    }
    if let Some(failure) = &admin.config.borrow().failure {
        let _ = writeln!(
            text,
            "the configuration on disk does not act, the last good one does: {}",
            message(failure)
        );
    }
    (if snapshot.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
}

async fn metrics(State(admin): State<Admin>) -> ([(HeaderName, &'static str); 1], String) {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content_type, admin.metrics.page(admin.runner.in_flight(), &admin.history.status()))
}
