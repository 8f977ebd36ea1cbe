//! The private listener, for those who operate the host.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /healthz` | 200 as long as the process serves |
//! | `GET /readyz` | 200 once every component that was there at the start has been loaded or refused, else 503; the body names what does not load: components, the configuration |
//! | `GET /metrics` | metrics in Prometheus' text format |

mod settings;

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::{StatusCode, header};
use tokio::sync::watch;

pub use settings::AdminSettings;

use crate::registry::Snapshot;
use crate::report::MetricsSink;
use crate::runner::Runner;

/// What the pages show.
#[derive(Clone)]
pub struct Admin {
    /// What is deployed.
    pub deployed: watch::Receiver<Arc<Snapshot>>,
    /// Why the configuration on disk does not act.
    pub config_failure: watch::Receiver<Option<String>>,
    /// The metrics.
    pub metrics: Arc<MetricsSink>,
    /// What runs.
    pub runner: Arc<Runner>,
}

/// All routes.
pub fn router(admin: Admin) -> Router {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(admin)
}

async fn ready(State(admin): State<Admin>) -> (StatusCode, String) {
    let snapshot = admin.deployed.borrow().clone();
    let mut text = match snapshot.ready {
        true => format!("ready: {} components\n", snapshot.components.len()),
        false => "not ready: the components are being loaded\n".to_owned(),
    };
    for (component, error) in &snapshot.failures {
        let _ = writeln!(text, "component `{component}` did not load: {error}");
    }
    if let Some(failure) = &*admin.config_failure.borrow() {
        let _ = writeln!(text, "the configuration on disk does not act, the last good one does: {failure}");
    }
    (if snapshot.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, text)
}

async fn metrics(State(admin): State<Admin>) -> ([(header::HeaderName, &'static str); 1], String) {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (content_type, admin.metrics.page(admin.runner.in_flight()))
}
