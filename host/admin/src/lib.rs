//! The private listener: health, metrics, the API and pages, for those who operate the host.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /healthz` | 200 as long as the process serves |
//! | `GET /readyz` | 200 once every component that was there at the start has been loaded or refused, else 503; the body names what is wrong: components and configuration that do not load, a stalled history, and more |
//! | `GET /metrics` | metrics in Prometheus' text format |
//! | `/api/v1/…` | the API; see `docs/api.md` |
//! | everything else | pages for people; see `docs/pages.md` |
//!
//! May depend on: everything but the command line and the wiring.

mod api;
mod attempts;
mod bodies;
mod config_status;
mod etag;
mod guard;
mod headers;
mod json;
mod pages;
mod past;
mod peer;
mod probes;
mod problem;
mod sessions;
mod settings;

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use orbital_compare::Environments;
use orbital_history::History;
use orbital_listener::Doors;
use orbital_report::{Journal, Live, MetricsSink};
use orbital_run::dispatcher::Desk;
use orbital_run::pausing::PauseBook;
use orbital_run::registry::{Snapshot, Terms};
use orbital_run::runner::Runner;
use orbital_webhook::waiter::Waiter;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use config_status::ConfigStatus;
pub use guard::{Access, Guard, TokenError};
pub use settings::AdminSettings;

/// What the answers are made of.
#[derive(Clone)]
pub struct Admin {
    /// What is deployed.
    pub deployed: watch::Receiver<Arc<Snapshot>>,
    /// What components are granted.
    pub terms: watch::Receiver<Arc<Terms>>,
    /// What became of the configuration file.
    pub config: watch::Receiver<ConfigStatus>,
    /// The other hosts that can be compared.
    pub environments: watch::Receiver<Arc<Environments>>,
    /// The metrics.
    pub metrics: Arc<MetricsSink>,
    /// Connections of both listeners.
    pub doors: Doors,
    /// What runs.
    pub runner: Arc<Runner>,
    /// What ran lately.
    pub journal: Arc<Journal>,
    /// What ran before, over restarts.
    pub history: Arc<History>,
    /// What the webhook received lately.
    pub waiter: Arc<Waiter>,
    /// What is paused.
    pub pauses: Arc<PauseBook>,
    /// What is due, and starting what is not.
    pub desk: Desk,
    /// Who may ask.
    pub guard: Arc<Guard>,
    /// What changes at the moment.
    pub live: Arc<Live>,
    /// When the host started.
    pub started: SystemTime,
    /// Cancelled when the listener is to close: what goes on for ever ends then.
    pub close: CancellationToken,
}

/// Returns whether a path is one of health or metrics, which are answered also when all connections are in use.
pub fn is_vital(path: &str) -> bool {
    probes::PATHS.contains(&path)
}

/// All routes, for those whom the guard lets in.
pub fn router(admin: Admin) -> Router {
    let guard = admin.guard.clone();
    let routes = probes::routes().nest("/api/v1", api::routes()).merge(pages::routes());
    let routes = routes.with_state(admin).layer(from_fn(bodies::read));
    routes
        .layer(from_fn_with_state(guard, Guard::check))
        .layer(map_response(json::printable))
        .layer(map_response(headers::secure))
}
