//! Runs that are due, and runs that are in flight.

mod refusal;

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use orbital_model::{Case, CaseId, SkipReason, Trigger};

pub use refusal::Refusal;

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

/// All deployed cases, and when they are due. All times are since the Unix epoch.
pub struct Plan<V> {
    /// The maximum number of runs in flight.
    max_in_flight: usize,
    settings: LiveSchedulerSettings,
    pauses: Arc<Pauses>,
    cases: HashMap<CaseId, Entry<V>>,
    /// Case ids by the time they are due.
    calendar: BTreeSet<(Duration, CaseId)>,
    /// Case ids that wait for their first run after a deploy.
    first: VecDeque<CaseId>,
    in_flight: HashMap<CaseId, InFlight>,
    /// Runs in flight of components, by name: of those that are deployed, or have some.
    components: HashMap<String, OfComponent>,
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

/// The runs in flight of a component, and the maximum of these. A component may always have one.
struct OfComponent {
    runs: usize,
    most: usize,
}

impl<V: Clone> Plan<V> {
    /// Creates a plan without cases.
    pub fn new(settings: SchedulerSettings) -> Self {
        let SchedulerSettings { fixed, live } = settings;
        Self {
            max_in_flight: fixed.max_in_flight,
            settings: live,
            pauses: Arc::default(),
            cases: HashMap::new(),
            calendar: BTreeSet::new(),
            first: VecDeque::new(),
            in_flight: HashMap::new(),
            components: HashMap::new(),
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
        let present: HashSet<&str> = self.cases.keys().map(CaseId::component).collect();
        self.components.retain(|name, component| component.runs > 0 || present.contains(name.as_str()));
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
        for (component, of_component) in &mut self.components {
            of_component.most = self.settings.max_in_flight_of(component);
        }
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
        self.sorted().map(planned).collect()
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
        self.sorted().map(|entry| &entry.case)
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

    /// Returns whether a run waits until another one has ended.
    pub fn awaits_room(&self) -> bool {
        !self.first.is_empty()
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
            if let Some(of_component) = self.components.get_mut(component) {
                of_component.runs -= 1;
            }
            if in_flight.runs == 0 {
                self.in_flight.remove(id);
            }
        }
    }

    /// Returns all cases, ordered by id.
    fn sorted(&self) -> impl Iterator<Item = &Entry<V>> {
        let mut entries: Vec<&Entry<V>> = self.cases.values().collect();
        entries.sort_unstable_by(|one, other| one.case.id.cmp(&other.case.id));
        entries.into_iter()
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
        if self.first.is_empty() {
            return None;
        }
        let mut by_component: HashMap<&str, usize> = HashMap::new();
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
        let component = case.id.component();
        match self.components.get_mut(component) {
            Some(of_component) => of_component.runs += 1,
            None => {
                let most = self.settings.max_in_flight_of(component);
                self.components.insert(component.to_owned(), OfComponent { runs: 1, most });
            }
        }
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
        let is_full = |of_component: &OfComponent| of_component.runs >= of_component.most;
        if self.components.get(component).is_some_and(is_full) {
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
mod tests;
