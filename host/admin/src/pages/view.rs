//! Cases as pages show them, collected from the parts of the host that know them.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use orbital_history::Mark;
use orbital_model::{CaseId, CaseRecord, Outcome, Window};
use orbital_run::dispatcher::PlannedCase;
use orbital_run::order::Order;
use uuid::Uuid;

use crate::Admin;
use crate::pages::failure::Failure;
use crate::pages::figures;
use crate::pages::figures::CaseFigures;

/// The number of runs in a strip.
const STRIP: usize = 10;

/// A case with everything that is known about it.
pub(super) struct CaseView {
    pub(super) planned: PlannedCase,
    pub(super) record: CaseRecord,
    pub(super) figures: CaseFigures,
    pub(super) in_flight: Vec<Order>,
    /// Why the case is down.
    pub(super) trouble: Option<Trouble>,
}

/// A summary of why a run did not pass.
pub(super) struct Trouble {
    pub(super) run: Uuid,
    pub(super) started: SystemTime,
    pub(super) outcome: Outcome,
    pub(super) message: String,
    /// The step at which the run went wrong: its number, counted from 1, the number of steps, and its text.
    pub(super) step: Option<(usize, usize, String)>,
}

impl CaseView {
    pub(super) fn id(&self) -> &CaseId {
        &self.planned.case.id
    }

    /// Returns `paused`, `up`, `down`, `stale` if the host no longer gives a verdict, or `unknown` before the first run
    /// has ended.
    pub(super) fn state(&self) -> &'static str {
        match self.record.standing {
            _ if self.planned.suspension.is_some() => "paused",
            Some(standing) if !standing.up => "down",
            _ if self.record.is_stale() => "stale",
            None => "unknown",
            Some(_) => "up",
        }
    }

    /// Returns the key for sorting cases, which puts the most urgent ones first.
    pub(super) fn order(&self) -> String {
        let urgency = match self.state() {
            "down" => 0,
            "stale" => 1,
            "unknown" => 2,
            "up" if self.figures.runs.pass_ratio().is_some_and(|ratio| ratio < 1.0) => 3,
            "up" => 4,
            _ => 5,
        };
        format!("{urgency} {}", self.id())
    }

    /// Returns the mark of the last run that has ended.
    pub(super) fn last(&self) -> Option<&Mark> {
        self.figures.strip.last()
    }
}

/// Some or all cases, with their figures.
pub(super) struct Cases {
    /// The cases. Those that are down come first.
    pub(super) cases: Vec<CaseView>,
    /// Whether the figures cover only the runs that are kept in memory.
    pub(super) of_memory: bool,
}

/// Returns the cases whose ids are wanted.
pub(super) async fn cases(
    admin: &Admin,
    window: Window,
    wanted: impl Fn(&CaseId) -> bool + Clone + Send + 'static,
) -> Result<Cases, Failure> {
    let plan = admin.dispatcher.plan().await?;
    let mut figures = figures::of_cases(admin, window, STRIP, wanted.clone()).await;
    let mut in_flight: HashMap<CaseId, Vec<Order>> = HashMap::new();
    for order in admin.journal.in_flight() {
        in_flight.entry(order.case.id.clone()).or_default().push(order);
    }
    let mut cases = Vec::new();
    for planned in plan.into_iter().filter(|planned| wanted(&planned.case.id)) {
        let id = &planned.case.id;
        let figures = figures.cases.remove(id).unwrap_or_default();
        let in_flight = in_flight.remove(id).unwrap_or_default();
        let record = admin.journal.case(id);
        let trouble = match record.standing {
            Some(standing) if !standing.up => trouble(admin, &figures).await,
            _ => None,
        };
        cases.push(CaseView { planned, record, figures, in_flight, trouble });
    }
    cases.sort_by_cached_key(CaseView::order);
    Ok(Cases { cases, of_memory: figures.of_memory })
}

/// Returns one case.
pub(super) async fn case(admin: &Admin, id: &CaseId, window: Window) -> Result<CaseView, Failure> {
    let wanted = id.clone();
    let found = cases(admin, window, move |id| wanted == *id).await?.cases.pop();
    found.ok_or_else(|| {
        Failure::not_found(format!("there is no case `{id}`; it may not be deployed any more"))
    })
}

async fn trouble(admin: &Admin, figures: &CaseFigures) -> Option<Trouble> {
    let report = figures::last_trouble(admin, &figures.strip).await?;
    let attempt = report.attempts.last()?;
    let steps = &attempt.timeline;
    let step = attempt.culprit().map(|index| (index + 1, steps.len(), steps[index].what.headline()));
    let message = attempt.messages.first().cloned().unwrap_or_default();
    Some(Trouble { run: report.run, started: report.started, outcome: report.outcome, message, step })
}

/// Returns how long the host has been running.
pub(super) fn uptime(admin: &Admin) -> Duration {
    SystemTime::now().duration_since(admin.started).unwrap_or_default()
}
