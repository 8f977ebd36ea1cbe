//! Health, readiness and metrics, for programs that poll them.

use std::fmt::Write as _;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{HeaderName, StatusCode, header};
use orbital_history::HistoryState;
use orbital_model::CaseRecord;
use orbital_model::text::message;
use orbital_run::component::Unavailable;

use crate::Admin;

/// How long a shortage is reported after it happened.
const RECENT: Duration = Duration::from_secs(60);

/// The maximum number of stale cases that are named.
const STALE_CASES: usize = 20;

const HEALTH: &str = "/healthz";
const READINESS: &str = "/readyz";
const METRICS: &str = "/metrics";

/// The paths of all probes.
pub(super) const PATHS: [&str; 3] = [HEALTH, READINESS, METRICS];

pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .route(HEALTH, get(|| async { "ok\n" }))
        .route(READINESS, get(ready))
        .route(METRICS, get(metrics))
}

async fn ready(State(admin): State<Admin>) -> (StatusCode, String) {
    let snapshot = admin.deployed.borrow().clone();
    let mut text = match snapshot.ready {
        true => format!("ready: {} components\n", snapshot.components.len()),
        false => "not ready: the components are being loaded\n".to_owned(),
    };
    if let Some(Unavailable { path, reason }) = &snapshot.unavailable {
        let _ = writeln!(
            text,
            "the directory of components `{}` is unavailable; deployed components keep running: {}",
            path.display(),
            message(reason)
        );
    }
    for (component, failure) in &snapshot.failures {
        let _ = writeln!(text, "component `{component}` did not load: {}", message(&failure.error));
    }
    if let HistoryState::Paused { reason, .. } = &admin.history.status().state {
        let _ = writeln!(text, "the history is stalled, so runs wait to be written: {}", message(reason));
    }
    if let Some(failure) = &admin.config.borrow().failure {
        let _ = writeln!(
            text,
            "the configuration on disk is invalid; using the last valid one: {}",
            message(failure)
        );
    }
    let stale = admin.journal.stale();
    for case in stale.iter().take(STALE_CASES) {
        let _ = writeln!(
            text,
            "case `{case}` is stale: its last {} due runs gave no verdict, as the host cancelled or skipped them",
            CaseRecord::STALE_AFTER
        );
    }
    if let Some(more) = stale.len().checked_sub(STALE_CASES).filter(|more| *more > 0) {
        let _ = writeln!(text, "{more} more cases are stale");
    }
    if let Some(trouble) = admin.runner.recent_trouble() {
        let _ = writeln!(text, "in the last minute the host failed a run: {trouble}");
    }
    for lack in admin.acceptors.webhook.short_within(RECENT) {
        let _ = writeln!(text, "in the last minute the webhook was overloaded: {}", lack.explain());
    }
    if !admin.acceptors.admin.short_within(RECENT).is_empty() {
        text.push_str(
            "in the last minute connections of the private listener were turned away or had to wait, as too many were in use\n",
        );
    }
    (if snapshot.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
}

async fn metrics(State(admin): State<Admin>) -> ([(HeaderName, &'static str); 1], String) {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (
        content_type,
        admin.metrics.page(
            (admin.runner.in_flight(), admin.runner.troubled()),
            &admin.journal.stale(),
            &admin.history.status(),
        ),
    )
}
