//! The parts of a run that its host functions need.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use orbital_client::Client;
use orbital_client::heartbeat::Heartbeat;
use orbital_policy::grants::Access;
use orbital_webhook::waiter::Claims;
use uuid::Uuid;

use crate::series::SeriesBook;

/// What a run has beyond its memory and its log.
pub struct RunParts {
    /// Who it is.
    pub context: RunContext,
    /// Its keys.
    pub claims: Arc<Claims>,
    /// Where requests go out.
    pub client: Arc<Client>,
    /// What it may reach.
    pub access: Access,
    /// What the operator set for the component, as far as it may read it.
    pub config: Arc<BTreeMap<String, String>>,
    /// The component's metrics.
    pub series: Arc<SeriesBook>,
    /// How long it may take.
    pub timeout: Duration,
    /// Notices when the host does not run.
    pub heartbeat: Heartbeat,
    /// How long the host had not run when the attempt began.
    pub lost_before: Duration,
}

impl RunParts {
    /// Returns how long the host has not run during the attempt.
    pub(super) fn lost(&self) -> Duration {
        self.heartbeat.lost().saturating_sub(self.lost_before)
    }
}

/// Who a run is.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// Its id.
    pub id: Uuid,
    /// The component's name.
    pub component: String,
    /// The case's name.
    pub case: String,
    /// From 1.
    pub attempt: u32,
    /// The operator's name for where the host runs.
    pub environment: String,
    /// Where deliveries must go.
    pub webhook_url: String,
}

impl RunContext {
    /// The case's id: `component/case`.
    pub fn case_id(&self) -> String {
        format!("{}/{}", self.component, self.case)
    }
}
