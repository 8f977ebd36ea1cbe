//! The journal: the state of each case, its last runs, and the runs in flight.
//!
//! The journal is bounded in runs and in bytes. Runs that passed at the first attempt are kept separately from the
//! others, so that a failure is not displaced by the passes after it. The journal is empty when the host starts, except
//! for the state of each case, which the history may know.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use orbital_model::amounts::Amounts;
use orbital_model::{CaseId, CaseRecord, Report, SkipReason, StateChange};
use orbital_run::component::Component;
use orbital_run::event::Event;
use orbital_run::order::Order;
use orbital_run::scheduler::ClockStep;
use parking_lot::{Mutex, MutexGuard};
use uuid::Uuid;

use crate::JournalSettings;

/// Keeps the state of cases and their recent runs in memory.
pub struct Journal {
    settings: JournalSettings,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    cases: HashMap<CaseId, CaseJournal>,
    /// Kept runs by id, which is the order in which they started.
    runs: BTreeMap<Uuid, Kept>,
    bytes: usize,
    /// The ids of each component's runs, so that a component with long logs displaces no runs of others.
    by_component: HashMap<String, BTreeSet<Uuid>>,
    /// The bytes of kept runs, by component.
    held: Amounts,
    in_flight: BTreeMap<Uuid, Order>,
    /// The state of cases at the end of the previous host, until they are loaded for the first time.
    before: HashMap<CaseId, CaseRecord>,
    /// The numbers of runs that were due and did not start, by reason.
    skips: [u64; SkipReason::ALL.len()],
}

#[derive(Default)]
struct CaseJournal {
    record: CaseRecord,
    routine: VecDeque<Uuid>,
    notable: VecDeque<Uuid>,
}

struct Kept {
    report: Arc<Report>,
    weight: usize,
}

/// Consequences of an event for a case.
#[derive(Default)]
pub(super) struct Consequences {
    pub(super) change: Option<StateChange>,
    /// The new value, if the case has become stale or is no longer stale.
    pub(super) stale: Option<bool>,
    /// Corrected times of cases' last passes, by case id.
    pub(super) last_passes: Vec<(CaseId, SystemTime)>,
}

impl Journal {
    /// Creates an empty journal.
    pub fn new(settings: JournalSettings) -> Arc<Self> {
        Arc::new(Self { settings, inner: Mutex::default() })
    }

    /// Sets the state that cases had, by id, when the previous host ended.
    pub fn restore(&self, before: HashMap<CaseId, CaseRecord>) {
        self.lock().before = before;
    }

    /// Notes an event and returns its consequences. `weight` is the size of a report in bytes.
    pub(super) fn record(&self, event: &Event, weight: usize) -> Consequences {
        match event {
            Event::Loaded { component, .. } => self.lock().deploy(component),
            Event::Removed { component } => self.lock().remove(component),
            Event::RunStarted(order) => drop(self.lock().in_flight.insert(order.run, order.clone())),
            Event::RunSkipped { case: id, reason, count, .. } => {
                let mut inner = self.lock();
                inner.skips[*reason as usize] += count;
                let is_in_flight = inner.in_flight.values().any(|order| order.case.id == *id);
                if let Some(case) = inner.cases.get_mut(id) {
                    let was_stale = case.record.is_stale();
                    case.record.skip(*reason, is_in_flight);
                    return Consequences {
                        stale: became(was_stale, &case.record),
                        ..Consequences::default()
                    };
                }
            }
            Event::RunEnded(report) => {
                return self.lock().run_ended(report, weight, &self.settings);
            }
            Event::ClockSet(ClockStep::Back(by)) => {
                return Consequences {
                    last_passes: self.lock().clock_was_set_back(*by),
                    ..Consequences::default()
                };
            }
            Event::LoadFailed { .. }
            | Event::ClockSet(ClockStep::Ahead(_))
            | Event::Restored { .. }
            | Event::Scheduled { .. }
            | Event::DirectoryLost(_)
            | Event::DirectoryFound { .. } => {}
        }
        Consequences::default()
    }

    /// Returns the ids of all stale cases, in order.
    pub fn stale(&self) -> BTreeSet<CaseId> {
        let inner = self.lock();
        let stale = inner.cases.iter().filter(|(_, case)| case.record.is_stale());
        stale.map(|(id, _)| id.clone()).collect()
    }

    /// Returns the state of a case.
    pub fn case(&self, case_id: &str) -> CaseRecord {
        self.lock().cases.get(case_id).map(|case| case.record.clone()).unwrap_or_default()
    }

    /// Returns the numbers of runs that were due and did not start since the host started, by reason.
    pub fn skips(&self) -> [(SkipReason, u64); SkipReason::ALL.len()] {
        let skips = self.lock().skips;
        SkipReason::ALL.map(|reason| (reason, skips[reason as usize]))
    }

    /// Returns the runs of every case, newest first, as far back as none is missing.
    pub fn unbroken(&self) -> HashMap<CaseId, Vec<Arc<Report>>> {
        let inner = self.lock();
        let most = self.settings.runs_per_case;
        inner.cases.iter().map(|(id, case)| (id.clone(), case.unbroken(&inner.runs, most))).collect()
    }

    /// Returns a run that has ended, if it is still kept.
    pub fn run(&self, id: Uuid) -> Option<Arc<Report>> {
        self.lock().runs.get(&id).map(|kept| kept.report.clone())
    }

    /// Returns the newest runs that `wanted` selects, newest first; only those before the run `before`, if it is given.
    pub fn runs(
        &self,
        before: Option<Uuid>,
        most: usize,
        wanted: impl Fn(&Report) -> bool,
    ) -> Vec<Arc<Report>> {
        let inner = self.lock();
        let runs = inner.runs.range(..before.unwrap_or(Uuid::max()));
        let reports = runs.rev().map(|(_, kept)| &kept.report);
        reports.filter(|report| wanted(report)).take(most).cloned().collect()
    }

    /// Returns the last runs of a case, newest first.
    pub fn runs_of(&self, case_id: &str, most: usize) -> Vec<Arc<Report>> {
        let inner = self.lock();
        let Some(case) = inner.cases.get(case_id) else { return Vec::new() };
        let mut ids: Vec<Uuid> = case.routine.iter().chain(&case.notable).copied().collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.iter().take(most).filter_map(|id| inner.runs.get(id)).map(|kept| kept.report.clone()).collect()
    }

    /// Returns the runs in flight, the oldest first.
    pub fn in_flight(&self) -> Vec<Order> {
        self.lock().in_flight.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A journal that misses a run is better than none.
        self.inner.lock()
    }
}

impl CaseJournal {
    /// Returns the newest runs, without a gap. A full queue has forgotten the runs before its first one, so the runs of
    /// the other queue from before that time are omitted, too.
    fn unbroken(&self, runs: &BTreeMap<Uuid, Kept>, most: usize) -> Vec<Arc<Report>> {
        let full = [&self.routine, &self.notable].into_iter().filter(|queue| queue.len() >= most);
        let since = full.filter_map(|queue| queue.front().copied()).max();
        let all = self.routine.iter().chain(&self.notable).copied();
        let mut ids: Vec<Uuid> = all.filter(|id| since.is_none_or(|since| *id >= since)).collect();
        ids.sort_unstable_by(|one, other| other.cmp(one));
        ids.iter().filter_map(|id| runs.get(id)).map(|kept| kept.report.clone()).collect()
    }
}

impl Inner {
    /// Replaces the cases of a component. Cases that the new version also has keep their record.
    fn deploy(&mut self, component: &Component) {
        self.retain(&component.name, |id| component.cases.iter().any(|case| case.id == *id));
        for case in &component.cases {
            let before = self.before.remove(&case.id);
            let new = || CaseJournal { record: before.unwrap_or_default(), ..CaseJournal::default() };
            self.cases.entry(case.id.clone()).or_insert_with(new);
        }
    }

    fn remove(&mut self, component: &str) {
        self.retain(component, |_| false);
    }

    fn retain(&mut self, component: &str, keep: impl Fn(&CaseId) -> bool) {
        let is_gone = |id: &&CaseId| id.component() == component && !keep(id);
        let gone: Vec<CaseId> = self.cases.keys().filter(is_gone).cloned().collect();
        for id in gone {
            let Some(case) = self.cases.remove(&id) else { continue };
            for run in case.routine.iter().chain(&case.notable) {
                self.forget(*run);
            }
        }
    }

    fn run_ended(&mut self, report: &Arc<Report>, weight: usize, settings: &JournalSettings) -> Consequences {
        self.in_flight.remove(&report.run);
        // A run may end after its case was removed.
        let Some(case) = self.cases.get_mut(&report.case) else { return Consequences::default() };
        let was_stale = case.record.is_stale();
        let change = case.record.judge(report);
        let stale = became(was_stale, &case.record);
        let queue = if report.is_routine() { &mut case.routine } else { &mut case.notable };
        queue.push_back(report.run);
        let crowded_out = (queue.len() > settings.runs_per_case).then(|| queue.pop_front()).flatten();
        self.runs.insert(report.run, Kept { report: report.clone(), weight });
        self.bytes += weight;
        self.by_component.entry(report.case.component().to_owned()).or_default().insert(report.run);
        self.held.add(report.case.component(), weight as u64);
        if let Some(oldest) = crowded_out {
            self.forget(oldest);
        }
        while self.bytes > settings.max_bytes
            && let Some(oldest) = self.oldest_of_the_largest()
        {
            self.forget(oldest);
        }
        Consequences { change, stale, ..Consequences::default() }
    }

    /// Corrects times that are in the future because the clock was set back. Returns the corrected times of last
    /// passes.
    fn clock_was_set_back(&mut self, by: Duration) -> Vec<(CaseId, SystemTime)> {
        let now = SystemTime::now();
        let mut corrected = Vec::new();
        for (id, case) in &mut self.cases {
            let correct = |time: &mut SystemTime| {
                let is_wrong = *time > now;
                if is_wrong {
                    *time = time.checked_sub(by).unwrap_or(SystemTime::UNIX_EPOCH).min(now);
                }
                is_wrong
            };
            if let Some(standing) = &mut case.record.standing {
                correct(&mut standing.since);
            }
            if let Some(last_pass) = &mut case.record.last_pass
                && correct(last_pass)
            {
                corrected.push((id.clone(), *last_pass));
            }
        }
        corrected
    }

    /// Returns the oldest run of the component whose runs have the most bytes.
    fn oldest_of_the_largest(&self) -> Option<Uuid> {
        self.by_component.get(self.held.largest()?)?.first().copied()
    }

    fn forget(&mut self, run: Uuid) {
        let Some(kept) = self.runs.remove(&run) else { return };
        self.bytes -= kept.weight;
        let component = kept.report.case.component();
        self.held.take(component, kept.weight as u64);
        if let Some(runs) = self.by_component.get_mut(component) {
            runs.remove(&run);
            if runs.is_empty() {
                self.by_component.remove(component);
            }
        }
        if let Some(case) = self.cases.get_mut(&kept.report.case) {
            let queue = if kept.report.is_routine() { &mut case.routine } else { &mut case.notable };
            queue.retain(|other| *other != run);
        }
    }
}

/// Returns whether a case is stale, or `None` if this has not changed.
fn became(was_stale: bool, record: &CaseRecord) -> Option<bool> {
    Some(record.is_stale()).filter(|is_stale| *is_stale != was_stale)
}

#[cfg(test)]
mod tests {
    use orbital_model::{Outcome, Trigger};

    use super::*;

    fn report(outcome: Outcome) -> Report {
        Report {
            run: Uuid::now_v7(),
            case: CaseId::new("shop", "buys"),
            digest: String::new(),
            language: String::new(),
            trigger: Trigger::Schedule,
            due: SystemTime::now(),
            started: SystemTime::now(),
            start_delay: Duration::ZERO,
            duration: Duration::ZERO,
            outcome,
            flaky: false,
            attempts: Vec::new(),
        }
    }

    #[test]
    fn a_component_with_long_reports_displaces_no_runs_of_others() {
        let settings = JournalSettings { runs_per_case: 100, max_bytes: 1000 };
        let mut inner = Inner::default();
        let end = |inner: &mut Inner, component: &str, weight| {
            let case = CaseId::new(component, "buys");
            inner.cases.entry(case.clone()).or_default();
            let report = Arc::new(Report { case, ..report(Outcome::Pass) });
            inner.run_ended(&report, weight, &settings);
        };
        for _ in 0..10 {
            end(&mut inner, "quiet", 10);
        }
        for _ in 0..100 {
            end(&mut inner, "loud", 300);
        }
        let of = |component: &str| {
            inner.runs.values().filter(|kept| kept.report.case.component() == component).count()
        };
        assert_eq!((of("quiet"), of("loud"), inner.bytes), (10, 3, 1000));
        assert_eq!(inner.cases["loud/buys"].routine.len(), 3);
        inner.remove("loud");
        inner.remove("quiet");
        assert!(inner.by_component.is_empty() && inner.held.largest().is_none() && inner.bytes == 0);
    }
}
