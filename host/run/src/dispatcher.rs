//! Carries out the plan: starts runs that are due, and emits events about them.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use orbital_guest::Placement;
use orbital_model::{Case, CaseId, Report, run_ids};
use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;
use uuid::Uuid;

use crate::component::Component;
use crate::event::{Event, EventSink};
use crate::order::Order;
use crate::registry::Snapshot;
use crate::runner::Runner;
use crate::scheduler::{
    Action, ClockStep, ClockWatch, Deployed, FixedSchedulerSettings, LiveSchedulerSettings, Pauses, Plan,
    Planned, Refusal, SchedulerSettings, Tick,
};

/// The longest sleep, so that changes of the clock are noticed.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The capacity of the request queue; further senders wait for room.
const REQUESTS: usize = 64;

/// A handle for requests to the dispatcher. Clones refer to the same dispatcher.
#[derive(Clone)]
pub struct DispatcherHandle(mpsc::Sender<Request>);

/// A request to the dispatcher.
enum Request {
    Plan(oneshot::Sender<Vec<PlannedCase>>),
    Run { case: CaseId, started: oneshot::Sender<Result<Started, Refusal>> },
}

/// A case and its state in the plan.
pub type PlannedCase = Planned<Arc<Component>>;

/// A run that was started on request.
pub struct Started {
    /// The id of the run.
    pub run: Uuid,
    /// Receives the report of the run when it has ended.
    pub report: oneshot::Receiver<Arc<Report>>,
}

/// The reason why a requested run did not start.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plan refused the run.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The host is stopping and starts no more runs.
    #[error("the host is stopping")]
    Stopping,
}

impl DispatcherHandle {
    /// Returns all cases, ordered by id.
    ///
    /// # Errors
    /// The host is stopping.
    pub async fn plan(&self) -> Result<Vec<PlannedCase>, RunError> {
        let (sender, answer) = oneshot::channel();
        self.0.send(Request::Plan(sender)).await.map_err(|_| RunError::Stopping)?;
        answer.await.map_err(|_| RunError::Stopping)
    }

    /// Starts a run now, regardless of the schedule.
    ///
    /// # Errors
    /// There is no such case, there is no room for another run, or the host is stopping.
    pub async fn run(&self, case: &CaseId) -> Result<Started, RunError> {
        let (sender, answer) = oneshot::channel();
        let request = Request::Run { case: case.clone(), started: sender };
        self.0.send(request).await.map_err(|_| RunError::Stopping)?;
        Ok(answer.await.map_err(|_| RunError::Stopping)??)
    }
}

/// Starts runs and waits for them to end.
pub struct Dispatcher {
    plan: Plan<Arc<Component>>,
    clock: ClockWatch,
    settings: watch::Receiver<LiveSchedulerSettings>,
    pauses: watch::Receiver<Arc<Pauses>>,
    requests: mpsc::Receiver<Request>,
    /// Whether patterns that match nothing have been reported.
    told_idle: bool,
    runner: Arc<Runner>,
    events: Arc<dyn EventSink>,
    /// The runtime of the guests. It is separate from the host's sockets and timers, which a busy guest must not delay.
    guests: Handle,
    runs: TaskTracker,
    ended: Arc<Ended>,
    /// Ends runs that exceed the grace time.
    cancel: CancellationToken,
}

/// Cases whose runs have ended since the plan was told last. The dispatcher is only woken for them if a run waits for
/// room: whenever it looks at the plan, it tells it first.
#[derive(Default)]
struct Ended {
    cases: Mutex<Vec<CaseId>>,
    is_awaited: AtomicBool,
    news: Notify,
}

impl Ended {
    fn add(&self, case: CaseId) {
        self.cases.lock().push(case);
        if self.is_awaited.load(Ordering::SeqCst) {
            self.news.notify_one();
        }
    }

    /// Says whether the dispatcher waits for a run to end. One that has ended in between counts, too.
    fn awaited(&self, is_awaited: bool) {
        self.is_awaited.store(is_awaited, Ordering::SeqCst);
        if is_awaited && !self.cases.lock().is_empty() {
            self.news.notify_one();
        }
    }
}

/// A run in flight, until this is dropped.
struct InFlight {
    case: CaseId,
    ended: Arc<Ended>,
    _tracked: TaskTrackerToken,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.ended.add(self.case.clone());
    }
}

impl Dispatcher {
    /// Creates a dispatcher with nothing to do yet.
    pub fn new(
        fixed: FixedSchedulerSettings,
        mut settings: watch::Receiver<LiveSchedulerSettings>,
        mut pauses: watch::Receiver<Arc<Pauses>>,
        runner: Arc<Runner>,
        events: Arc<dyn EventSink>,
        guests: Handle,
    ) -> (Self, DispatcherHandle) {
        let live = settings.borrow_and_update().clone();
        let mut plan = Plan::new(SchedulerSettings { fixed, live });
        plan.pause(pauses.borrow_and_update().clone());
        let (sender, requests) = mpsc::channel(REQUESTS);
        let dispatcher = Self {
            plan,
            clock: ClockWatch::default(),
            settings,
            pauses,
            requests,
            told_idle: false,
            runner,
            events,
            guests,
            runs: TaskTracker::new(),
            ended: Arc::default(),
            cancel: CancellationToken::new(),
        };
        (dispatcher, DispatcherHandle(sender))
    }

    /// Runs until `stop`, then lets runs in flight finish within the grace time and cancels the rest.
    pub async fn run(mut self, mut deployed: watch::Receiver<Arc<Snapshot>>, stop: CancellationToken) {
        self.deploy(&deployed.borrow_and_update().clone());
        loop {
            // Both clocks are read together, so that the delay of a run is right even if one of them is set.
            let (moment, given) = (now(), Instant::now());
            self.compare_clocks(moment);
            self.note_ended();
            for action in self.plan.due(moment) {
                self.act(action, moment, given);
            }
            self.ended.awaited(self.plan.awaits_room());
            let due = self.plan.next_due().map(|due| due.saturating_sub(now()));
            let pause = due.unwrap_or(LOOK_AGAIN).min(LOOK_AGAIN);
            tokio::select! {
                () = stop.cancelled() => break,
                Ok(()) = deployed.changed() => self.deploy(&deployed.borrow_and_update().clone()),
                Ok(()) = self.settings.changed() => {
                    let settings = self.settings.borrow_and_update().clone();
                    self.plan.configure(settings, now());
                    self.tell_schedule();
                    self.told_idle = false;
                    self.tell_idle_patterns(deployed.borrow().ready);
                }
                Ok(()) = self.pauses.changed() => self.plan.pause(self.pauses.borrow_and_update().clone()),
                Some(request) = self.requests.recv() => {
                    // A client that knows that something is deployed, or paused, may request it at once.
                    if deployed.has_changed().unwrap_or(false) {
                        self.deploy(&deployed.borrow_and_update().clone());
                    }
                    if self.pauses.has_changed().unwrap_or(false) {
                        self.plan.pause(self.pauses.borrow_and_update().clone());
                    }
                    self.answer(request);
                }
                () = self.ended.news.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.drain().await;
    }

    fn compare_clocks(&mut self, moment: Duration) {
        let Some(step) = self.clock.compare(moment, since_boot()) else { return };
        if let ClockStep::Ahead(by) = step {
            self.plan.clock_was_set_ahead(by);
        }
        self.events.emit(&Event::ClockSet(step));
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
        self.tell_schedule();
        self.tell_idle_patterns(snapshot.ready);
    }

    fn tell_schedule(&self) {
        let cases = self.plan.cases().cloned().collect();
        self.events.emit(&Event::Scheduled { cases });
    }

    /// Tells the plan which runs have ended.
    fn note_ended(&mut self) {
        for case in self.ended.cases.lock().drain(..) {
            self.plan.finished(&case);
        }
    }

    /// Answers a request. If the client is gone, the answer is dropped.
    fn answer(&mut self, request: Request) {
        self.note_ended();
        match request {
            Request::Plan(answer) => drop(answer.send(self.plan.planned(now()))),
            Request::Run { case, started } => {
                let (moment, given) = (now(), Instant::now());
                let run = self.plan.run_now(&case, moment).map(|tick| {
                    let (sender, report) = oneshot::channel();
                    Started { run: self.start(tick, (moment, given), Some(sender)), report }
                });
                let _ = started.send(run);
            }
        }
    }

    /// Warns about patterns that match nothing. Once everything is loaded, such a pattern is probably a mistake.
    fn tell_idle_patterns(&mut self, ready: bool) {
        if !ready || self.plan.is_empty() || std::mem::replace(&mut self.told_idle, true) {
            return;
        }
        for pattern in self.plan.idle_patterns() {
            tracing::warn!(%pattern, "no case matches this pattern of an `override` or a `maintenance`");
        }
    }

    fn act(&mut self, action: Action<Arc<Component>>, moment: Duration, given: Instant) {
        match action {
            Action::Run(tick) => drop(self.start(tick, (moment, given), None)),
            Action::Skip { tick, reason, count, suspension } => self.events.emit(&Event::RunSkipped {
                case: tick.case.id.clone(),
                reason,
                count,
                detail: suspension.map(|suspension| suspension.reason),
            }),
        }
    }

    /// Starts a run and returns its id. `moment` is the current time by the wall clock, and `given` by the monotonic
    /// clock. The report is also sent to `wanted`, if there is one.
    fn start(
        &mut self,
        tick: Tick<Arc<Component>>,
        (moment, given): (Duration, Instant),
        wanted: Option<oneshot::Sender<Arc<Report>>>,
    ) -> Uuid {
        let Tick { version, case, due, trigger } = tick;
        let run = run_ids::next();
        let order = Order {
            run,
            trigger,
            component: version,
            case,
            due: SystemTime::UNIX_EPOCH + due,
            given,
            late: moment.saturating_sub(due),
        };
        self.events.emit(&Event::RunStarted(order.clone()));
        let (runner, events, cancel) = (self.runner.clone(), self.events.clone(), self.cancel.clone());
        let quota = order.component.quota.clone();
        let in_flight =
            InFlight { case: order.case.id.clone(), ended: self.ended.clone(), _tracked: self.runs.token() };
        Placement::spawn(&quota, &self.guests, |placement| async move {
            let running = runner.run(&order, placement, &cancel);
            // A panic of the host becomes a report, so no run is lost. Whatever the run shares is consistent then, as
            // in any other task that panics.
            let report = match AssertUnwindSafe(running).catch_unwind().await {
                Ok(report) => report,
                Err(panic) => order.host_fault(&message(&*panic)),
            };
            let report = Arc::new(report);
            let emit = || events.emit(&Event::RunEnded(report.clone()));
            order.component.quota.while_counting(emit);
            // Whoever gets the report may request the next run at once.
            drop(in_flight);
            // The receiver may be gone.
            let _ = wanted.map(|wanted| wanted.send(report));
        });
        run
    }

    async fn drain(mut self) {
        // Later requests are answered with the error that the host is stopping.
        self.requests.close();
        while self.requests.try_recv().is_ok() {}
        let (in_flight, grace) = (self.runs.len(), self.settings.borrow().shutdown_grace);
        if in_flight > 0 {
            tracing::info!(in_flight, ?grace, "stopping: letting runs in flight finish");
        }
        self.runs.close();
        if tokio::time::timeout(grace, self.runs.wait()).await.is_err() {
            tracing::warn!(in_flight = self.runs.len(), "the grace time ran out: cancelling the rest");
            self.cancel.cancel();
            self.runs.wait().await;
        }
    }
}

/// Returns the message of a panic.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.as_deref().unwrap_or("without a message"))
}

/// Returns the time since the Unix epoch.
fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// Returns the time since the machine was started, including times in which it was suspended.
fn since_boot() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}
