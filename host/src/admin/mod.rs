//! The private listener, for those who operate the host.
//!
//! | route | answer |
//! | --- | --- |
//! | `GET /healthz` | 200 as long as the process serves |
//! | `GET /readyz` | 200 once every component that was there at the start has been loaded or refused, else 503; the body names what does not load: components, the configuration |
//! | `GET /metrics` | metrics in Prometheus' text format |
//! | `/api/v1/…` | the API; see `docs/api.md` |

mod api;
mod etag;
mod guard;
mod headers;
mod probes;
mod problem;
mod settings;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn_with_state, map_response};
use tokio::sync::watch;

pub use guard::{Access, Guard, TokenError};
pub use settings::AdminSettings;

use crate::compare::Environments;
use crate::dispatcher::Desk;
use crate::pausing::PauseBook;
use crate::registry::{Snapshot, Terms};
use crate::reload::ConfigStatus;
use crate::report::{Journal, MetricsSink};
use crate::runner::Runner;
use crate::waiter::Waiter;

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
    /// What runs.
    pub runner: Arc<Runner>,
    /// What ran lately.
    pub journal: Arc<Journal>,
    /// What the webhook received lately.
    pub waiter: Arc<Waiter>,
    /// What is paused.
    pub pauses: Arc<PauseBook>,
    /// What is due, and starting what is not.
    pub desk: Desk,
}

/// All routes, for those whom the guard lets in.
pub fn router(admin: Admin, guard: Arc<Guard>) -> Router {
    let routes = probes::routes().nest("/api/v1", api::routes()).with_state(admin);
    routes.layer(from_fn_with_state(guard, Guard::check)).layer(map_response(headers::secure))
}
