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
use crate::scheduler::{Action, Deployed, Plan, SchedulerSettings, Tick};

/// The longest sleep, so that a clock that was set is noticed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Starts runs and waits for their ends.
pub struct Dispatcher {
    plan: Plan<Arc<Component>>,
    settings: watch::Receiver<SchedulerSettings>,
    /// Whether patterns that match nothing have been told.
    told_idle: bool,
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
        mut settings: watch::Receiver<SchedulerSettings>,
        runner: Arc<Runner>,
        reporter: Arc<Reporter>,
        guests: Handle,
    ) -> Self {
        let plan = Plan::new(settings.borrow_and_update().clone());
        Self {
            plan,
            settings,
            told_idle: false,
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
        self.deploy(&deployed.borrow_and_update().clone());
        loop {
            for action in self.plan.due(now()) {
                self.act(action);
            }
            let due = self.plan.next_due().map(|due| due.saturating_sub(now()));
            let pause = due.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN);
            tokio::select! {
                () = stop.cancelled() => break,
                Ok(()) = deployed.changed() => self.deploy(&deployed.borrow_and_update().clone()),
                Ok(()) = self.settings.changed() => {
                    let settings = self.settings.borrow_and_update().clone();
                    self.plan.configure(settings, now());
                    self.told_idle = false;
                    self.tell_idle_patterns(deployed.borrow().ready);
                }
                Some(ended) = self.runs.join_next_with_id() => self.ended(ended),
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.drain().await;
    }

    fn deploy(&mut self, snapshot: &Snapshot) {
        let cases = snapshot.components.values().flat_map(|component| {
            let deployed = |case: &Arc<Case>| Deployed {
                version: component.clone(),
                case: case.clone(),
                at_once: component.is_new,
            };
            component.cases.iter().map(deployed)
        });
        self.plan.deploy(cases.collect(), now());
        self.tell_idle_patterns(snapshot.ready);
    }

    /// Once everything is loaded, a pattern that matches nothing is probably a mistake.
    fn tell_idle_patterns(&mut self, ready: bool) {
        if !ready || self.plan.is_empty() || std::mem::replace(&mut self.told_idle, true) {
            return;
        }
        for pattern in self.plan.idle_patterns() {
            tracing::warn!(%pattern, "no case matches this pattern of an `override` or a `maintenance`");
        }
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
        let (in_flight, grace) = (self.runs.len(), self.settings.borrow().shutdown_grace);
        if in_flight > 0 {
            tracing::info!(in_flight, ?grace, "stopping: letting runs in flight finish");
        }
        let all = async { while self.runs.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, all).await.is_err() {
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
