//! A model test: the plan is compared with properties that must hold in any situation.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use orbital_model::{CaseId, Pattern, Retry, Schedule};
use proptest::prelude::*;

use crate::scheduler::plan::*;
use crate::scheduler::{FixedSchedulerSettings, Pause};

/// The id, the period in seconds (`None` for on demand only) and the allowed number of runs in flight.
const CASES: [(&str, Option<u64>, usize); 6] = [
    ("a/often", Some(1), 1),
    ("a/twice", Some(2), 2),
    ("a/manual", None, 1),
    ("b/often", Some(1), 3),
    ("b/seldom", Some(30), 1),
    ("c/alone", Some(3), 2),
];

/// Settings of an operator other than limits.
const OVERRIDES: [&str; 5] = [
    "",
    "[[override]]\ncases = \"a/often\"\nmanual = true\n",
    "[[override]]\ncases = \"a/*\"\nevery = \"3s\"\nmax_in_flight = 2\n",
    "[[override]]\ncases = \"b/*\"\npaused = \"moving\"\n",
    "[[maintenance]]\ncases = \"c/*\"\ncron = \"* * * * *\"\nduration = \"20s\"\n",
];

#[derive(Debug, Clone)]
enum Step {
    /// Deploys the cases whose bits are set in `cases`; of these, the ones in `new` are new versions.
    Deploy {
        cases: u8,
        new: u8,
        at_once: bool,
    },
    Configure {
        limits: (usize, usize),
        overrides: usize,
    },
    Pause(Option<&'static str>),
    RunNow(usize),
    /// Ends one of the runs in flight.
    Finish(usize),
    /// Moves the clock by this number of milliseconds.
    Advance(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let pauses = prop::sample::select(vec![None, Some("*"), Some("a/*"), Some("b/often")]);
    prop_oneof![
        2 => (any::<u8>(), any::<u8>(), any::<bool>())
            .prop_map(|(cases, new, at_once)| Step::Deploy { cases, new, at_once }),
        1 => ((1..4_usize, 1..3_usize), 0..OVERRIDES.len())
            .prop_map(|(limits, overrides)| Step::Configure { limits, overrides }),
        1 => pauses.prop_map(Step::Pause),
        2 => (0..CASES.len()).prop_map(Step::RunNow),
        6 => any::<usize>().prop_map(Step::Finish),
        8 => (0..2_500_i64).prop_map(Step::Advance),
        1 => (-60_000..60_000_i64).prop_map(Step::Advance),
    ]
}

struct Watched {
    plan: Plan<()>,
    now: Duration,
    deployed: BTreeMap<usize, Arc<Case>>,
    max_in_flight: usize,
    settings: LiveSchedulerSettings,
    /// Runs in flight, by case; the flag tells whether one of them is the case's first since a deploy.
    in_flight: HashMap<CaseId, (usize, bool)>,
    /// Cases whose first run since a deploy has not been reported.
    first: BTreeSet<CaseId>,
}

impl Watched {
    fn new(max_in_flight: usize) -> Self {
        let (fixed, settings) = (FixedSchedulerSettings { max_in_flight }, settings((3, 2), 0));
        Self {
            plan: Plan::new(SchedulerSettings { fixed, live: settings.clone() }),
            now: Duration::from_secs(1_000_000),
            deployed: BTreeMap::new(),
            max_in_flight,
            settings,
            in_flight: HashMap::new(),
            first: BTreeSet::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        let before = self.now;
        match step {
            Step::Deploy { cases, new, at_once } => self.deploy(*cases, *new, *at_once),
            Step::Configure { limits, overrides } => {
                self.settings = settings(*limits, *overrides);
                self.plan.configure(self.settings.clone(), self.now);
                // A case that runs only on demand has no first run.
                let manual = self.plan.cases().filter(|case| case.schedule == Schedule::Manual);
                let manual: BTreeSet<&str> = manual.map(|case| case.id.as_str()).collect();
                self.first.retain(|id| !manual.contains(id.as_str()));
            }
            Step::Pause(cases) => {
                self.plan.pause(Arc::new(Pauses(cases.iter().map(|cases| pause(cases)).collect())))
            }
            Step::RunNow(case) => self.run_now(&CASES[*case].0.parse().unwrap()),
            Step::Finish(which) => self.finish(*which),
            Step::Advance(by) => {
                let by_much = Duration::from_millis(by.unsigned_abs());
                self.now = if *by < 0 { self.now - by_much } else { self.now + by_much };
            }
        }
        self.look(before);
    }

    fn deploy(&mut self, cases: u8, new: u8, at_once: bool) {
        let has = |bits: u8, index: &usize| bits >> index & 1 == 1;
        self.deployed.retain(|index, _| has(cases, index));
        let (overrides, mut inserted) = (self.settings.overrides.clone(), Vec::new());
        for index in (0..CASES.len()).filter(|index| has(cases, index)) {
            if has(new, &index) || !self.deployed.contains_key(&index) {
                let case = case(index);
                inserted.push(case.clone());
                self.deployed.insert(index, case);
            }
        }
        let ids: Vec<&str> = self.deployed.values().map(|case| case.id.as_str()).collect();
        self.first.retain(|id| ids.contains(&id.as_str()));
        for case in inserted {
            let is_due = overrides.apply(&case).schedule != Schedule::Manual;
            match at_once && is_due {
                true => self.first.insert(case.id.clone()),
                false => self.first.remove(&case.id),
            };
        }
        let deployed =
            self.deployed.values().map(|case| Deployed { version: (), case: case.clone(), at_once });
        self.plan.deploy(deployed.collect(), self.now);
    }

    fn run_now(&mut self, id: &CaseId) {
        let case = self.plan.cases().find(|case| case.id == *id).cloned();
        let room = case.map(|case| self.room(&case));
        match self.plan.run_now(id, self.now) {
            Ok(tick) => {
                assert_eq!(room, Some(None));
                self.start(&tick);
            }
            Err(Refusal::NoSuchCase(_)) => assert_eq!(room, None),
            Err(Refusal::Overlap { .. }) => assert_eq!(room, Some(Some(SkipReason::Overlap))),
            Err(Refusal::Capacity(_)) => assert_eq!(room, Some(Some(SkipReason::Capacity))),
            Err(Refusal::ComponentCapacity { .. }) => {
                assert_eq!(room, Some(Some(SkipReason::ComponentCapacity)));
            }
        }
    }

    fn finish(&mut self, which: usize) {
        let mut ids: Vec<CaseId> = self.in_flight.keys().cloned().collect();
        ids.sort();
        let Some(id) = ids.get(which % ids.len().max(1)) else { return };
        let (runs, first) = self.in_flight.get_mut(id).unwrap();
        (*runs, *first) = (*runs - 1, false);
        if *runs == 0 {
            self.in_flight.remove(id);
        }
        self.plan.finished(id);
    }

    /// Returns why there is no room for one more run, or `None` if there is.
    fn room(&self, case: &Case) -> Option<SkipReason> {
        let runs = |wanted: &dyn Fn(&CaseId) -> bool| -> usize {
            self.in_flight.iter().filter(|(id, _)| wanted(id)).map(|(_, (runs, _))| runs).sum()
        };
        if runs(&|id| *id == case.id) >= case.max_in_flight {
            Some(SkipReason::Overlap)
        } else if runs(&|_| true) >= self.max_in_flight {
            Some(SkipReason::Capacity)
        } else if runs(&|id| id.component() == case.id.component()) >= self.settings.component_max_in_flight {
            Some(SkipReason::ComponentCapacity)
        } else {
            None
        }
    }

    fn start(&mut self, tick: &Tick<()>) {
        assert_eq!(self.room(&tick.case), None, "there is no room for {}", tick.case.id);
        let is_first = tick.trigger == Trigger::Deploy;
        assert!(!is_first || self.may_have_a_first_run(tick.case.id.component()));
        let (runs, first) = self.in_flight.entry(tick.case.id.clone()).or_default();
        (*runs, *first) = (*runs + 1, *first || is_first);
    }

    fn may_have_a_first_run(&self, component: &str) -> bool {
        let first = self.in_flight.iter().filter(|(_, (_, first))| *first).map(|(id, _)| id.component());
        let own = first.clone().filter(|of| *of == component).count();
        first.count() + own < self.settings.first_runs
    }

    /// Checks what is due: each tick since the last look is reported exactly once.
    fn look(&mut self, before: Duration) {
        let mut ticks: HashMap<CaseId, u64> = HashMap::new();
        for action in self.plan.due(self.now) {
            let (tick, count) = match &action {
                Action::Run(tick) => (tick, 1),
                Action::Skip { tick, count, .. } => (tick, *count),
            };
            let id = tick.case.id.clone();
            match tick.trigger {
                Trigger::Schedule => {
                    *ticks.entry(id.clone()).or_default() += count;
                    self.first.remove(&id);
                }
                Trigger::Deploy => assert!(self.first.remove(&id), "{id} has had its first run"),
                Trigger::Request => panic!("nobody asked for {id}"),
            }
            assert!(tick.due <= self.now);
            match &action {
                Action::Run(tick) => {
                    assert_eq!(self.suspension(&tick.case, tick.due), None);
                    self.start(tick);
                }
                Action::Skip { reason: SkipReason::Missed, suspension, .. } => assert_eq!(*suspension, None),
                Action::Skip { reason: SkipReason::Paused, tick, suspension, .. } => {
                    assert!(suspension.is_some());
                    assert_eq!(self.suspension(&tick.case, tick.due), *suspension);
                }
                Action::Skip { reason, tick, .. } => assert_eq!(self.room(&tick.case), Some(*reason)),
            }
        }
        let expected = self.plan.cases().map(|case| (case.id.clone(), ticks_between(case, before, self.now)));
        let expected: HashMap<_, _> = expected.filter(|(_, count)| *count > 0).collect();
        assert_eq!(ticks, expected);
        let waiting = self.plan.cases().filter(|case| self.first.contains(&case.id));
        for case in waiting.filter(|case| self.may_have_a_first_run(case.id.component())) {
            assert!(self.room(case).is_some(), "{} waits for nothing", case.id);
        }
        assert!(self.plan.next_due().is_none_or(|due| due > self.now));
    }

    fn suspension(&self, case: &Case, at: Duration) -> Option<Suspension> {
        Suspension::of(case, &self.settings, &self.plan.pauses, at)
    }
}

/// Counts the ticks one by one, independently of the plan's own counting.
fn ticks_between(case: &Case, before: Duration, now: Duration) -> u64 {
    let Some(ticks) = Ticks::of(&case.id, &case.schedule) else { return 0 };
    let mut tick = ticks.after(before);
    let mut count = 0;
    while tick <= now {
        (tick, count) = (ticks.after(tick), count + 1);
    }
    count
}

fn case(index: usize) -> Arc<Case> {
    let (id, period, max_in_flight) = CASES[index];
    Arc::new(Case {
        id: id.parse().unwrap(),
        schedule: period.map_or(Schedule::Manual, |seconds| Schedule::Every(Duration::from_secs(seconds))),
        timeout: Duration::from_secs(1),
        tags: Vec::new(),
        retry: Retry { retries: 0, delay: Duration::ZERO },
        max_in_flight,
        config: Arc::default(),
    })
}

fn settings(
    (component_max_in_flight, first_runs): (usize, usize),
    overrides: usize,
) -> LiveSchedulerSettings {
    let read = |root: &orbital_config::Section<'_>| SchedulerSettings::read(root, Arc::default());
    let (settings, _) = orbital_config::parse(OVERRIDES[overrides], read).unwrap();
    LiveSchedulerSettings { component_max_in_flight, first_runs, ..settings.live }
}

fn pause(cases: &str) -> Pause {
    Pause {
        id: uuid::Uuid::nil(),
        cases: Pattern::parse(cases).unwrap(),
        reason: "why".to_owned(),
        author: "ada".to_owned(),
        since: jiff::Timestamp::UNIX_EPOCH,
        until: None,
    }
}

proptest! {
    /// Whatever is deployed, set, paused, requested and ended, and wherever the clock moves: the runs in flight never
    /// exceed a limit, and every tick is either started or counted as skipped, with a valid reason, exactly once.
    #[test]
    fn every_tick_is_told_of_once_and_no_limit_is_crossed(
        max_in_flight in 1..6_usize,
        steps in prop::collection::vec(step(), 0..150),
    ) {
        let mut watched = Watched::new(max_in_flight);
        for step in &steps {
            watched.step(step);
        }
    }
}
