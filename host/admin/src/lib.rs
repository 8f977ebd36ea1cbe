//! The private listener: health, metrics, the API and pages, for the operators of the host.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /healthz` | 200 as long as the process serves |
//! | `GET /readyz` | 200 once every component that was present at the start has been loaded or rejected, else 503; the body names what is wrong: components and configuration that do not load, a stalled history, and more |
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
mod peer;
mod probes;
mod problem;
mod run_lookup;
mod sessions;
mod settings;

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use orbital_compare::Environments;
use orbital_history::History;
use orbital_listener::Acceptors;
use orbital_report::{Journal, Live, MetricsSink};
use orbital_run::dispatcher::DispatcherHandle;
use orbital_run::pausing::PauseBook;
use orbital_run::registry::{Policy, Snapshot};
use orbital_run::runner::Runner;
use orbital_webhook::waiter::Waiter;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use config_status::ConfigStatus;
pub use guard::{Access, Guard, TokenError};
pub use settings::{AdminSettings, FixedAdminSettings, LiveAdminSettings};

/// The parts of the host from which answers are made.
#[derive(Clone)]
pub struct Admin {
    /// The deployed components.
    pub deployed: watch::Receiver<Arc<Snapshot>>,
    /// The grants of components.
    pub policy: watch::Receiver<Arc<Policy>>,
    /// The state of the configuration file.
    pub config: watch::Receiver<ConfigStatus>,
    /// The other hosts that can be compared.
    pub environments: watch::Receiver<Arc<Environments>>,
    /// The metrics.
    pub metrics: Arc<MetricsSink>,
    /// The connections of both listeners.
    pub acceptors: Acceptors,
    /// The runner: the number of runs in flight, and recent faults of the host.
    pub runner: Arc<Runner>,
    /// Recent runs and runs in flight.
    pub journal: Arc<Journal>,
    /// Runs that have ended, including those before a restart.
    pub history: Arc<History>,
    /// The requests that the webhook received recently.
    pub waiter: Arc<Waiter>,
    /// The pauses.
    pub pauses: Arc<PauseBook>,
    /// The plan of due runs, and starting runs on request.
    pub dispatcher: DispatcherHandle,
    /// Admits or rejects requests.
    pub guard: Arc<Guard>,
    /// Publishes changes as they happen.
    pub live: Arc<Live>,
    /// When the host started.
    pub started: SystemTime,
    /// Cancelled when the listener is about to close: streams without an end are ended then.
    pub close: CancellationToken,
}

/// Returns whether a path is one of health or metrics, which are answered also when all connections are in use.
pub fn is_vital(path: &str) -> bool {
    probes::PATHS.contains(&path)
}

/// Returns all routes, for requests that the guard admits.
pub fn router(admin: Admin) -> Router {
    let guard = admin.guard.clone();
    let routes = probes::routes().nest("/api/v1", api::routes()).merge(pages::routes());
    let routes = routes.with_state(admin).layer(from_fn(bodies::read));
    routes
        .layer(from_fn_with_state(guard, Guard::check))
        .layer(map_response(json::printable))
        .layer(map_response(headers::secure))
}
