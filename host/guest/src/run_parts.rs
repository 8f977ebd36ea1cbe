//! The parts of a run that its host functions need.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use orbital_client::Client;
use orbital_client::heartbeat::Heartbeat;
use orbital_model::CaseId;
use orbital_policy::grants::Access;
use orbital_webhook::waiter::Claims;
use uuid::Uuid;

use crate::series::SeriesBook;

/// The parts of a run apart from its memory and its log.
pub struct RunParts {
    /// Identifies the run.
    pub context: RunContext,
    /// The run's keys.
    pub claims: Arc<Claims>,
    /// The client that sends requests.
    pub client: Arc<Client>,
    /// The access that the component is granted.
    pub access: Arc<Access>,
    /// The values that the operator set for the component, as far as it may read them.
    pub config: Arc<BTreeMap<String, String>>,
    /// The series of the component's metrics.
    pub series: Arc<SeriesBook>,
    /// The timeout of the attempt.
    pub timeout: Duration,
    /// Detects time in which the host does not run.
    pub heartbeat: Heartbeat,
    /// The time in which the host had not run before the attempt began.
    pub lost_before: Duration,
}

impl RunParts {
    /// Returns how long the host has not run during the attempt.
    pub(super) fn lost(&self) -> Duration {
        self.heartbeat.lost().saturating_sub(self.lost_before)
    }
}

/// Identifies a run.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// The run's id.
    pub id: Uuid,
    /// The case.
    pub case: CaseId,
    /// The number of the attempt, from 1.
    pub attempt: u32,
    /// The operator's name for the environment in which the host runs.
    pub environment: Arc<str>,
    /// The URL that deliveries must be sent to.
    pub webhook_url: Arc<str>,
}
