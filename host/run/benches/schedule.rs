//! Finding the runs that are due.
#![allow(missing_docs, reason = "a benchmark has no documentation")]

use std::sync::Arc;
use std::time::Duration;

use divan::Bencher;
use orbital_model::{Case, CaseId, Retry, Schedule, counted};
use orbital_run::scheduler::{Action, Deployed, Plan, SchedulerSettings};

fn main() {
    divan::main();
}

/// One run: the next due time, the runs that are due then, and their end.
#[divan::bench(args = [10, 10_000])]
fn due(bencher: Bencher<'_, '_>, cases: usize) {
    let mut now = Duration::from_secs(1_000_000);
    let mut plan = Plan::new(SchedulerSettings::default());
    let deployed = (0..cases).map(|number| Deployed { version: (), case: case(number), at_once: false });
    plan.deploy(deployed.collect(), now);
    let mut run = || {
        now = plan.next_due().unwrap_or(now);
        for action in plan.due(now) {
            if let Action::Run(tick) = action {
                plan.finished(&tick.case.id);
            }
        }
    };
    bencher.bench_local(|| counted(&mut run));
}

/// A case that is due once a second, in a component with nine others.
fn case(number: usize) -> Arc<Case> {
    Arc::new(Case {
        id: CaseId::new(&format!("component-{}", number / 10), &format!("case-{}", number % 10)),
        schedule: Schedule::Every(Duration::from_secs(1)),
        timeout: Duration::from_secs(10),
        tags: Vec::new(),
        retry: Retry { retries: 0, delay: Duration::ZERO },
        max_in_flight: 1,
        config: Arc::default(),
    })
}
