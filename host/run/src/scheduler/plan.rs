//! Runs that are due, and runs that are in flight.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use orbital_model::{Case, CaseId, SkipReason, Trigger};

use crate::scheduler::{LiveSchedulerSettings, Pauses, SchedulerSettings, Suspension, Ticks};

/// A run that is due.
#[derive(Debug, Clone)]
pub struct Tick<V> {
    /// The version to run. The plan does not depend on its type.
    pub version: V,
    /// The case to run.
    pub case: Arc<Case>,
    /// The time at which the run was due, since the Unix epoch.
    pub due: Duration,
    /// The trigger of the run.
    pub trigger: Trigger,
}

/// A case that is deployed.
pub struct Deployed<V> {
    /// The version that declares the case.
    pub version: V,
    /// The case, as the version declares it.
    pub case: Arc<Case>,
    /// Whether the case, if it is new or changed, gets a first run at once; otherwise it waits for its tick.
    pub at_once: bool,
}

/// An action that the plan asks for.
#[derive(Debug)]
pub enum Action<V> {
    /// Start a run, and call [`Plan::finished`] when it has ended.
    Run(Tick<V>),
    /// Report that runs did not start.
    Skip {
        /// The case, with its version and due time.
        tick: Tick<V>,
        /// The reason why they did not start.
        reason: SkipReason,
        /// The number of runs that did not start.
        count: u64,
        /// The setting that keeps the case from running, if it is paused.
        suspension: Option<Suspension>,
    },
}

/// A case and its state in the plan.
pub struct Planned<V> {
    /// The version that declares the case.
    pub version: V,
    /// The case, as the version declares it.
    pub declared: Arc<Case>,
    /// The case with overrides applied, as it will run.
    pub case: Arc<Case>,
    /// The time at which the case is due next, since the Unix epoch.
    pub next: Option<Duration>,
    /// The setting that will keep the case from running then, if it has not ended before.
    pub suspension: Option<Suspension>,
}

/// The reason why a requested run does not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The case is not deployed.
    #[error("there is no case `{0}`")]
    NoSuchCase(CaseId),
    /// The maximum number of runs of the case is in flight.
    #[error("as many runs of `{case}` are in flight as it allows ({most}); wait until one has ended")]
    Overlap {
        /// The id of the case.
        case: String,
        /// The maximum number of runs of the case.
        most: usize,
    },
    /// The maximum number of runs of the host is in flight.
    #[error(
        "as many runs are in flight as `scheduler.max_in_flight` allows ({0}); wait until some have ended"
    )]
    Capacity(usize),
    /// The maximum number of runs of the component is in flight.
    #[error(
        "as many runs of `{component}` are in flight as it may have ({most}, by `scheduler.component_max_in_flight` or \
         `max_in_flight` of `[components.\"{component}\"]`); wait until some have ended"
    )]
    ComponentCapacity {
        /// The name of the component.
        component: String,
        /// The maximum number of runs of the component.
        most: usize,
    },
}

/// All deployed cases, and when they are due. All times are since the Unix epoch.
pub struct Plan<V> {
    /// The maximum number of runs in flight.
    max_in_flight: usize,
    settings: LiveSchedulerSettings,
    pauses: Arc<Pauses>,
    cases: BTreeMap<CaseId, Entry<V>>,
    /// Case ids by the time they are due.
    calendar: BTreeSet<(Duration, CaseId)>,
    /// Case ids that wait for their first run after a deploy.
    first: VecDeque<CaseId>,
    in_flight: BTreeMap<CaseId, InFlight>,
    /// Runs in flight by the component's name.
    by_component: BTreeMap<String, usize>,
    runs_in_flight: usize,
    last_look: Duration,
    /// How far the clock was set forwards since the last look.
    set_ahead: Duration,
}

struct Entry<V> {
    version: V,
    /// The case as the component declares it.
    declared: Arc<Case>,
    /// The case with overrides applied, as it will run.
    case: Arc<Case>,
    /// The ticks and the next due time; `None` for a case that runs only on demand.
    next: Option<(Ticks, Duration)>,
}

/// The runs in flight of a case. They outlive the case: a run may continue after its component was removed, and counts
/// if the component is deployed again.
#[derive(Default)]
struct InFlight {
    runs: usize,
    first: bool,
}

impl<V: Clone> Plan<V> {
    /// Creates a plan without cases.
    pub fn new(settings: SchedulerSettings) -> Self {
        let SchedulerSettings { fixed, live } = settings;
        Self {
            max_in_flight: fixed.max_in_flight,
            settings: live,
            pauses: Arc::default(),
            cases: BTreeMap::new(),
            calendar: BTreeSet::new(),
            first: VecDeque::new(),
            in_flight: BTreeMap::new(),
            by_component: BTreeMap::new(),
            runs_in_flight: 0,
            last_look: Duration::ZERO,
            set_ahead: Duration::ZERO,
        }
    }

    /// Replaces the deployed cases.
    pub fn deploy(&mut self, deployed: Vec<Deployed<V>>, now: Duration) {
        let ids: BTreeSet<&str> = deployed.iter().map(|deployed| deployed.case.id.as_str()).collect();
        let gone: Vec<CaseId> = self.cases.keys().filter(|id| !ids.contains(id.as_str())).cloned().collect();
        for id in gone {
            self.remove(&id);
        }
        for Deployed { version, case, at_once } in deployed {
            // Each version has its own cases: another version has different ones, even if their content is equal.
            let same = self.cases.get(&case.id).is_some_and(|entry| Arc::ptr_eq(&entry.declared, &case));
            if !same {
                self.insert(version, case, now, at_once);
            }
        }
    }

    /// Applies new settings. A case whose schedule does not change keeps its next tick.
    pub fn configure(&mut self, settings: LiveSchedulerSettings, now: Duration) {
        self.settings = settings;
        let changed = self.cases.iter().filter_map(|(id, entry)| {
            let case = self.settings.overrides.apply(&entry.declared);
            (case != *entry.case).then(|| (id.clone(), case))
        });
        for (id, case) in changed.collect::<Vec<_>>() {
            let Some(entry) = self.cases.get_mut(&id) else { continue };
            let keeps_its_tick = entry.case.schedule == case.schedule;
            entry.case = Arc::new(case);
            if !keeps_its_tick {
                let (version, declared) = (entry.version.clone(), entry.declared.clone());
                let waits_for_its_first_run = self.first.contains(&id);
                self.insert(version, declared, now, waits_for_its_first_run);
            }
        }
    }

    /// Applies new pauses.
    pub fn pause(&mut self, pauses: Arc<Pauses>) {
        self.pauses = pauses;
    }

    /// Returns all cases with their current state, ordered by id.
    pub fn planned(&self, now: Duration) -> Vec<Planned<V>> {
        let planned = |entry: &Entry<V>| Planned {
            version: entry.version.clone(),
            declared: entry.declared.clone(),
            case: entry.case.clone(),
            next: entry.next.as_ref().map(|(_, next)| *next),
            suspension: Suspension::of(&entry.case, &self.settings, &self.pauses, now),
        };
        self.cases.values().map(planned).collect()
    }

    /// Starts a run on request, even if the case is paused. Call [`Plan::finished`] when it has ended.
    ///
    /// # Errors
    /// There is no such case, or there is no room for another run.
    pub fn run_now(&mut self, id: &CaseId, now: Duration) -> Result<Tick<V>, Refusal> {
        let entry = self.cases.get(id).ok_or_else(|| Refusal::NoSuchCase(id.clone()))?;
        let (version, case) = (entry.version.clone(), entry.case.clone());
        let tick = Tick { version, case, due: now, trigger: Trigger::Request };
        match self.take_place(&tick.case, false) {
            Ok(()) => Ok(tick),
            Err(SkipReason::Capacity) => Err(Refusal::Capacity(self.max_in_flight)),
            Err(SkipReason::ComponentCapacity) => {
                let component = tick.case.id.component().to_owned();
                let most = self.settings.max_in_flight_of(&component);
                Err(Refusal::ComponentCapacity { component, most })
            }
            Err(_) => Err(Refusal::Overlap { case: id.to_string(), most: tick.case.max_in_flight }),
        }
    }

    /// Returns all cases with overrides applied, ordered by id.
    pub fn cases(&self) -> impl Iterator<Item = &Arc<Case>> {
        self.cases.values().map(|entry| &entry.case)
    }

    /// Returns whether nothing is deployed.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Returns the patterns of overrides and maintenance windows that match no case.
    pub fn idle_patterns(&self) -> Vec<String> {
        let ids: Vec<&str> = self.cases.keys().map(CaseId::as_str).collect();
        let LiveSchedulerSettings { overrides, maintenance, .. } = &self.settings;
        overrides.idle_patterns(&ids).chain(maintenance.idle_patterns(&ids)).map(str::to_owned).collect()
    }

    /// Notes that the clock was set forwards since the last look. Ticks that the clock skipped were not missed, because
    /// no time has passed.
    pub fn clock_was_set_ahead(&mut self, by: Duration) {
        self.set_ahead += by;
    }

    /// Returns the actions that are due now.
    pub fn due(&mut self, now: Duration) -> Vec<Action<V>> {
        if now < self.last_look {
            self.clock_was_set_back(now);
        }
        self.last_look = now;
        let missed_until = now.saturating_sub(std::mem::take(&mut self.set_ahead));
        let mut actions = Vec::new();
        while let Some((due, id)) = self.calendar.first().cloned().filter(|(due, _)| *due <= now) {
            self.calendar.pop_first();
            let Some(entry) = self.cases.get_mut(&id) else { continue };
            let Some((ticks, next)) = &mut entry.next else { continue };
            let (more, last) = ticks.between(due, now);
            let (missed, _) = ticks.between(due, missed_until);
            *next = ticks.after(now);
            self.calendar.insert((*next, id.clone()));
            let due = if more > 0 { last } else { due };
            let (version, case) = (entry.version.clone(), entry.case.clone());
            let tick = Tick { version, case, due, trigger: Trigger::Schedule };
            if missed > 0 {
                actions.push(Action::Skip {
                    tick: tick.clone(),
                    reason: SkipReason::Missed,
                    count: missed,
                    suspension: None,
                });
            }
            // This run replaces a first run that is still waiting.
            self.first.retain(|waiting| *waiting != id);
            actions.push(self.start_or_skip(tick));
        }
        while let Some(id) = self.next_first() {
            if let Some(entry) = self.cases.get(&id) {
                let (version, case) = (entry.version.clone(), entry.case.clone());
                let tick = Tick { version, case, due: now, trigger: Trigger::Deploy };
                actions.push(self.start_or_skip(tick));
            }
        }
        actions
    }

    /// Returns the time of the next look, if nothing else happens.
    pub fn next_due(&self) -> Option<Duration> {
        self.calendar.first().map(|(due, _)| *due)
    }

    /// Notes that a run has ended that [`Plan::due`] or [`Plan::run_now`] started.
    pub fn finished(&mut self, id: &CaseId) {
        if let Some(in_flight) = self.in_flight.get_mut(id) {
            in_flight.first = false;
            in_flight.runs -= 1;
            self.runs_in_flight -= 1;
            let component = id.component();
            if let Some(runs) = self.by_component.get_mut(component) {
                *runs -= 1;
                if *runs == 0 {
                    self.by_component.remove(component);
                }
            }
            if in_flight.runs == 0 {
                self.in_flight.remove(id);
            }
        }
    }

    fn start_or_skip(&mut self, tick: Tick<V>) -> Action<V> {
        let suspension = Suspension::of(&tick.case, &self.settings, &self.pauses, tick.due);
        if suspension.is_some() {
            return Action::Skip { tick, reason: SkipReason::Paused, count: 1, suspension };
        }
        match self.take_place(&tick.case, tick.trigger == Trigger::Deploy) {
            Ok(()) => Action::Run(tick),
            Err(reason) => Action::Skip { tick, reason, count: 1, suspension: None },
        }
    }

    /// Returns the case whose first run is to start now. A first run waits for room, where a tick would be skipped: a
    /// run of the previous version may still be in flight, and the next tick may be far away.
    ///
    /// Components take turns: the one with the fewest first runs in flight comes first. None may have more of them than
    /// there are free places, so that those of another component need not wait until slow ones have ended.
    fn next_first(&mut self) -> Option<CaseId> {
        let mut by_component: BTreeMap<&str, usize> = BTreeMap::new();
        for (id, _) in self.in_flight.iter().filter(|(_, in_flight)| in_flight.first) {
            *by_component.entry(id.component()).or_default() += 1;
        }
        let free = self.settings.first_runs.saturating_sub(by_component.values().sum());
        let own = |id: &CaseId| by_component.get(id.component()).copied().unwrap_or_default();
        let may_start = |id: &CaseId| {
            own(id) < free && self.cases.get(id).is_none_or(|entry| self.room(&entry.case).is_ok())
        };
        let waiting = self.first.iter().enumerate().filter(|(_, id)| may_start(id));
        // If several have the same number, the one that has waited longest comes first.
        let (index, _) = waiting.min_by_key(|(_, id)| own(id))?;
        self.first.remove(index)
    }

    /// Counts a run as in flight, if there is room for it.
    fn take_place(&mut self, case: &Case, first: bool) -> Result<(), SkipReason> {
        self.room(case)?;
        *self.by_component.entry(case.id.component().to_owned()).or_default() += 1;
        let in_flight = self.in_flight.entry(case.id.clone()).or_default();
        in_flight.runs += 1;
        in_flight.first |= first;
        self.runs_in_flight += 1;
        Ok(())
    }

    /// Returns why there is no room for another run, or `Ok` if there is.
    fn room(&self, case: &Case) -> Result<(), SkipReason> {
        let of_case = self.in_flight.get(&case.id).map_or(0, |in_flight| in_flight.runs);
        if of_case >= case.max_in_flight {
            return Err(SkipReason::Overlap);
        }
        if self.runs_in_flight >= self.max_in_flight {
            return Err(SkipReason::Capacity);
        }
        let component = case.id.component();
        let of_component = self.by_component.get(component).copied().unwrap_or_default();
        if of_component >= self.settings.max_in_flight_of(component) {
            return Err(SkipReason::ComponentCapacity);
        }
        Ok(())
    }

    fn insert(&mut self, version: V, declared: Arc<Case>, now: Duration, at_once: bool) {
        let id = declared.id.clone();
        let case = Arc::new(self.settings.overrides.apply(&declared));
        self.remove(&id);
        let next = Ticks::of(&id, &case.schedule).map(|ticks| {
            let next = ticks.after(now);
            self.calendar.insert((next, id.clone()));
            if at_once {
                self.first.push_back(id.clone());
            }
            (ticks, next)
        });
        self.cases.insert(id, Entry { version, declared, case, next });
    }

    fn remove(&mut self, id: &CaseId) {
        if let Some(Entry { next: Some((_, next)), .. }) = self.cases.remove(id) {
            self.calendar.remove(&(next, id.clone()));
        }
        self.first.retain(|waiting| waiting != id);
    }

    /// Computes all due times again. Otherwise no case would run until the clock reaches its previous time.
    fn clock_was_set_back(&mut self, now: Duration) {
        self.calendar.clear();
        for (id, entry) in &mut self.cases {
            if let Some((ticks, next)) = &mut entry.next {
                *next = ticks.after(now);
                self.calendar.insert((*next, id.clone()));
            }
        }
    }
}

#[cfg(test)]
mod model;

#[cfg(test)]
mod tests {
    use orbital_model::{Retry, Schedule};

    use super::*;
    use crate::scheduler::FixedSchedulerSettings;

    fn case(name: &str, schedule: Schedule, max_in_flight: usize) -> Arc<Case> {
        Arc::new(Case {
            id: CaseId::new("c", name),
            schedule,
            timeout: Duration::from_secs(1),
            tags: Vec::new(),
            retry: Retry { retries: 0, delay: Duration::ZERO },
            max_in_flight,
            config: Arc::default(),
        })
    }

    fn every_second(name: &str) -> Arc<Case> {
        case(name, Schedule::Every(Duration::from_secs(1)), 1)
    }

    fn plan(cases: &[Arc<Case>], now: Duration, at_once: bool) -> Plan<()> {
        let settings = SchedulerSettings {
            fixed: FixedSchedulerSettings { max_in_flight: 3 },
            live: LiveSchedulerSettings { first_runs: 2, ..LiveSchedulerSettings::default() },
        };
        let mut plan = Plan::new(settings);
        let deployed = |case: &Arc<Case>| Deployed { version: (), case: case.clone(), at_once };
        plan.deploy(cases.iter().map(deployed).collect(), now);
        plan
    }

    fn told(actions: Vec<Action<()>>) -> Vec<String> {
        let tell = |action| match action {
            Action::Run(tick) => format!("run {}", tick.case.id.case()),
            Action::Skip { tick, reason, count, .. } => {
                format!("skip {} {} {count}", tick.case.id.case(), reason.name())
            }
        };
        actions.into_iter().map(tell).collect()
    }

    const NOW: Duration = Duration::from_secs(1_000_000);

    #[test]
    fn at_the_start_a_case_waits_for_its_tick() {
        let mut plan = plan(&[every_second("a")], NOW, false);
        assert!(told(plan.due(NOW)).is_empty());
        let next = plan.next_due().unwrap();
        assert!(next > NOW && next <= NOW + Duration::from_secs(1));
        assert!(told(plan.due(next - Duration::from_nanos(1))).is_empty());
        assert_eq!(told(plan.due(next)), ["run a"]);
        plan.finished(&CaseId::new("c", "a"));
        assert_eq!(plan.next_due().unwrap(), next + Duration::from_secs(1));
    }

    #[test]
    fn after_a_deploy_first_runs_come_at_once_and_bounded() {
        let cases: Vec<_> = ["a", "b", "c"]
            .into_iter()
            .map(|name| case(name, Schedule::Every(Duration::from_secs(3600)), 1))
            .collect();
        let mut plan = plan(&cases, NOW, true);
        assert_eq!(told(plan.due(NOW)), ["run a"]);
        assert!(told(plan.due(NOW)).is_empty());
        plan.finished(&CaseId::new("c", "a"));
        assert_eq!(told(plan.due(NOW)), ["run b"]);
    }

    #[test]
    fn slow_first_runs_of_one_component_leave_places_for_those_of_others() {
        let of = |component: &str, index: usize| {
            let named = case("x", Schedule::Every(Duration::from_secs(3600)), 1);
            let id = CaseId::new(component, &index.to_string());
            Arc::new(Case { id, ..Case::clone(&named) })
        };
        let live = LiveSchedulerSettings { first_runs: 8, ..LiveSchedulerSettings::default() };
        let mut plan = Plan::new(SchedulerSettings { live, ..SchedulerSettings::default() });
        let mut deployed: Vec<Arc<Case>> = (0..100).map(|index| of("slow", index)).collect();
        let started = |plan: &mut Plan<()>, deployed: &[Arc<Case>]| {
            let deployed =
                deployed.iter().map(|case| Deployed { version: (), case: case.clone(), at_once: true });
            plan.deploy(deployed.collect(), NOW);
            let started = plan.due(NOW).into_iter().map(|action| match action {
                Action::Run(tick) => tick.case.id.component().to_owned(),
                Action::Skip { .. } => panic!("a first run is skipped"),
            });
            started.collect::<Vec<_>>()
        };
        assert_eq!(started(&mut plan, &deployed), ["slow"; 4]);
        for (component, places) in [("b", 2), ("c", 1), ("d", 1)] {
            deployed.extend((0..10).map(|index| of(component, index)));
            assert_eq!(started(&mut plan, &deployed), vec![component; places]);
        }
        // All places are taken. The next free one is for the component with the fewest first runs.
        deployed.push(of("e", 0));
        assert!(started(&mut plan, &deployed).is_empty());
        plan.finished(&CaseId::new("slow", "0"));
        assert_eq!(started(&mut plan, &deployed), ["e"]);
    }

    #[test]
    fn a_first_run_waits_for_the_run_of_the_version_before() {
        let monthly = || case("a", Schedule::Every(Duration::from_secs(30 * 24 * 3600)), 1);
        let mut plan = plan(&[monthly()], NOW, true);
        assert_eq!(told(plan.due(NOW)), ["run a"]);
        plan.deploy(vec![Deployed { version: (), case: monthly(), at_once: true }], NOW);
        assert!(told(plan.due(NOW)).is_empty());
        plan.finished(&CaseId::new("c", "a"));
        assert_eq!(told(plan.due(NOW)), ["run a"]);
    }

    #[test]
    fn a_case_that_still_runs_is_skipped_and_counted() {
        let mut plan = plan(&[every_second("a")], NOW, false);
        let first = plan.next_due().unwrap();
        assert_eq!(told(plan.due(first)), ["run a"]);
        assert_eq!(told(plan.due(first + Duration::from_secs(1))), ["skip a overlap 1"]);
        plan.finished(&CaseId::new("c", "a"));
        assert_eq!(told(plan.due(first + Duration::from_secs(2))), ["run a"]);
    }

    #[test]
    fn the_host_has_a_capacity() {
        let busy = case("a", Schedule::Every(Duration::from_secs(1)), 10);
        let mut plan = plan(&[busy], NOW, false);
        let first = plan.next_due().unwrap();
        for second in 0..3 {
            assert_eq!(told(plan.due(first + Duration::from_secs(second))), ["run a"]);
        }
        assert_eq!(told(plan.due(first + Duration::from_secs(3))), ["skip a capacity 1"]);
    }

    #[test]
    fn a_component_has_a_capacity_of_its_own() {
        let mut other = (*every_second("a")).clone();
        other.id = CaseId::new("d", "a");
        let busy = case("a", Schedule::Every(Duration::from_secs(1)), 10);
        let mut plan = plan(&[busy, Arc::new(other)], NOW, false);
        plan.settings.component_max_in_flight = 1;
        let mut first = told(plan.due(NOW + Duration::from_secs(1)));
        first.sort();
        assert_eq!(first, ["run a", "run a"], "one of each");
        plan.finished(&CaseId::new("d", "a"));
        let mut second = told(plan.due(NOW + Duration::from_secs(2)));
        second.sort();
        assert_eq!(second, ["run a", "skip a component_capacity 1"]);
        let refused = plan.run_now(&CaseId::new("c", "a"), NOW).unwrap_err();
        assert_eq!(refused, Refusal::ComponentCapacity { component: "c".to_owned(), most: 1 });
    }

    #[test]
    fn ticks_that_were_missed_are_counted_and_not_made_up_for() {
        let mut plan = plan(&[every_second("a")], NOW, false);
        let first = plan.next_due().unwrap();
        let actions = plan.due(first + Duration::from_secs(60));
        let Some(Action::Run(tick)) = actions.last() else { panic!("no run") };
        assert_eq!(tick.due, first + Duration::from_secs(60));
        assert_eq!(told(actions), ["skip a missed 60", "run a"]);
    }

    #[test]
    fn ticks_that_the_clock_was_set_past_are_not_missed() {
        let mut plan = plan(&[every_second("a")], NOW, false);
        let first = plan.next_due().unwrap();
        let jump = Duration::from_secs(40 * 24 * 3600);
        plan.clock_was_set_ahead(jump);
        // In addition, the host did not run for three seconds.
        let actions = plan.due(first + jump + Duration::from_secs(3));
        assert_eq!(told(actions), ["skip a missed 3", "run a"]);
        plan.finished(&CaseId::new("c", "a"));
        let next = plan.next_due().unwrap();
        assert_eq!(told(plan.due(next + Duration::from_secs(2))), ["skip a missed 2", "run a"]);
    }

    #[test]
    fn a_clock_that_is_set_back_silences_nobody() {
        let mut plan = plan(&[every_second("a")], NOW, false);
        plan.due(NOW);
        let earlier = NOW - Duration::from_secs(3600);
        assert!(told(plan.due(earlier)).is_empty());
        assert!(plan.next_due().unwrap() <= earlier + Duration::from_secs(1));
    }

    #[test]
    fn what_is_gone_is_due_no_more_and_what_stays_keeps_its_tick() {
        let (stays, goes) = (every_second("stays"), every_second("goes"));
        let mut plan = plan(&[stays.clone(), goes], NOW, false);
        plan.deploy(vec![Deployed { version: (), case: stays, at_once: true }], NOW);
        assert_eq!(told(plan.due(NOW + Duration::from_millis(1001))), ["run stays"]);
    }

    #[test]
    fn settings_that_change_keep_the_ticks_of_cases_that_they_leave_alone() {
        let (a, b) = (every_second("a"), every_second("b"));
        let mut plan = plan(&[a, b], NOW, false);
        let text =
            "[[override]]\ncases = \"c/a\"\nmanual = true\n[[override]]\ncases = \"c/b\"\npaused = \"why\"\n";
        let settings =
            orbital_config::parse(text, |root| SchedulerSettings::read(root, Arc::default())).unwrap().0;
        plan.configure(settings.live, NOW);
        assert_eq!(told(plan.due(NOW + Duration::from_secs(1))), ["skip b paused 1"]);
        plan.configure(LiveSchedulerSettings::default(), NOW + Duration::from_secs(1));
        let mut both = told(plan.due(NOW + Duration::from_secs(2)));
        both.sort();
        assert_eq!(both, ["run a", "run b"]);
    }

    #[test]
    fn a_run_that_is_asked_for_needs_room_and_nothing_else() {
        let mut plan = plan(&[case("m", Schedule::Manual, 1), every_second("a")], NOW, false);
        let pause = crate::scheduler::Pause {
            id: uuid::Uuid::nil(),
            cases: orbital_model::Pattern::parse("c/m").unwrap(),
            reason: "why".to_owned(),
            author: "ada".to_owned(),
            since: jiff::Timestamp::UNIX_EPOCH,
            until: None,
        };
        plan.pause(Arc::new(Pauses(vec![pause])));
        assert_eq!(plan.planned(NOW)[1].suspension.as_ref().unwrap().reason, "why");
        assert_eq!(plan.run_now(&CaseId::new("c", "m"), NOW).unwrap().due, NOW);
        let refused = plan.run_now(&CaseId::new("c", "m"), NOW).unwrap_err();
        assert_eq!(refused, Refusal::Overlap { case: "c/m".to_owned(), most: 1 });
        assert_eq!(
            plan.run_now(&CaseId::new("c", "x"), NOW).unwrap_err(),
            Refusal::NoSuchCase(CaseId::new("c", "x"))
        );
        plan.finished(&CaseId::new("c", "m"));
        assert!(plan.run_now(&CaseId::new("c", "m"), NOW).is_ok());
    }

    #[test]
    fn a_manual_case_is_never_due() {
        let mut plan = plan(&[case("m", Schedule::Manual, 1)], NOW, true);
        assert!(plan.due(NOW).is_empty());
        assert_eq!(plan.next_due(), None);
    }
}
