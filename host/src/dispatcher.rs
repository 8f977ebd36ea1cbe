//! Carries out the plan: starts what is due, and tells the outside how it went.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::registry::{Case, Component, Snapshot};
use crate::report::{Event, Report, Reporter};
use crate::runner::{Order, Runner};
use crate::scheduler::{Action, Plan, SchedulerSettings, Tick};

/// The longest sleep, so that a clock that was set is noticed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Starts runs and waits for their ends.
pub struct Dispatcher {
    plan: Plan<Arc<Component>>,
    shutdown_grace: Duration,
    runner: Arc<Runner>,
    reporter: Arc<Reporter>,
    /// Where guests run: apart from sockets and timers of the host, which a busy guest must not hold up.
    guests: Handle,
    runs: JoinSet<()>,
    case_ids: HashMap<Id, String>,
    /// Ends runs that outlast the grace time.
    cancel: CancellationToken,
}

impl Dispatcher {
    /// With nothing to do yet.
    pub fn new(
        settings: SchedulerSettings,
        runner: Arc<Runner>,
        reporter: Arc<Reporter>,
        guests: Handle,
    ) -> Self {
        Self {
            shutdown_grace: settings.shutdown_grace,
            plan: Plan::new(settings),
            runner,
            reporter,
            guests,
            runs: JoinSet::new(),
            case_ids: HashMap::new(),
            cancel: CancellationToken::new(),
        }
    }

    /// Goes on until `stop`, then lets runs in flight finish within the grace time and cancels the rest.
    pub async fn run(mut self, mut deployed: watch::Receiver<Arc<Snapshot>>, stop: CancellationToken) {
        let mut ready = self.deploy(&mut deployed, false);
        loop {
            for action in self.plan.due(now()) {
                self.act(action);
            }
            let pause =
                self.plan.next_due().map_or(LOOK_AGAIN, |due| due.saturating_sub(now())).min(LOOK_AGAIN);
            tokio::select! {
                () = stop.cancelled() => break,
                Ok(()) = deployed.changed() => ready = self.deploy(&mut deployed, ready),
                Some(ended) = self.runs.join_next_with_id() => self.ended(ended),
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.drain().await;
    }

    /// Takes over what is deployed; gives whether the host is ready, as what comes after that is a deploy
    /// and not a restart.
    fn deploy(&mut self, deployed: &mut watch::Receiver<Arc<Snapshot>>, ready: bool) -> bool {
        let snapshot = deployed.borrow_and_update().clone();
        let versions = |component: &Arc<Component>| {
            let component = component.clone();
            let cases: Vec<(Arc<Component>, Arc<Case>)> =
                component.cases.iter().map(|case| (component.clone(), case.clone())).collect();
            cases
        };
        let cases = snapshot.components.values().flat_map(versions).collect();
        self.plan.deploy(cases, now(), ready);
        snapshot.ready
    }

    fn act(&mut self, action: Action<Arc<Component>>) {
        match action {
            Action::Run(tick) => self.start(tick),
            Action::Skip { tick, reason, count } => self.reporter.emit(&Event::RunSkipped {
                component: tick.version.name.clone(),
                case: tick.case.name.clone(),
                reason,
                count,
            }),
        }
    }

    fn start(&mut self, tick: Tick<Arc<Component>>) {
        let case_id = tick.case.id.clone();
        let order =
            Order { component: tick.version, case: tick.case, due: SystemTime::UNIX_EPOCH + tick.due };
        let (runner, reporter, cancel) = (self.runner.clone(), self.reporter.clone(), self.cancel.clone());
        let run = async move {
            // In a task of its own, so that a panic of ours is a report too, and not a run that vanished.
            let (started, inner) = (SystemTime::now(), order.clone());
            let running = tokio::spawn(async move { runner.run(&inner, &cancel).await });
            let report = match running.await {
                Ok(report) => report,
                Err(error) => Report::host_fault(&order, started, &error),
            };
            reporter.emit(&Event::RunEnded(Arc::new(report)));
        };
        let id = self.runs.spawn_on(run, &self.guests).id();
        self.case_ids.insert(id, case_id);
    }

    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let id = match &ended {
            Ok((id, ())) => *id,
            Err(error) => error.id(),
        };
        if let Some(case_id) = self.case_ids.remove(&id) {
            self.plan.finished(&case_id);
        }
    }

    async fn drain(mut self) {
        let in_flight = self.runs.len();
        if in_flight > 0 {
            tracing::info!(in_flight, grace = ?self.shutdown_grace, "stopping: letting runs in flight finish");
        }
        let all = async { while self.runs.join_next().await.is_some() {} };
        if tokio::time::timeout(self.shutdown_grace, all).await.is_err() {
            tracing::warn!(in_flight = self.runs.len(), "the grace time ran out: cancelling the rest");
            self.cancel.cancel();
            while self.runs.join_next().await.is_some() {}
        }
    }
}

/// Since the Unix epoch.
fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}
