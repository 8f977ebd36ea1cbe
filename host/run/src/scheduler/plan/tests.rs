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
