//! Figures of runs: the only place from which pages get them.
//!
//! The figures come from the history. Without one, or while it cannot be read, they come from the runs that the journal
//! keeps, and for each case only as far back as the journal forgot none: otherwise old failures, which are kept longer,
//! would appear together with new passes.

use std::collections::HashMap;
use std::time::SystemTime;

use orbital_history::{Mark, Neighbours, Rollup, RunQuery, RunRow, Series, Stats, Step};
use orbital_model::{CaseId, Outcome, Report, Window};
use uuid::Uuid;

use crate::{Admin, run_lookup};

/// The figures of several cases, by their ids.
pub(super) struct Figures {
    pub(super) cases: HashMap<CaseId, CaseFigures>,
    /// Whether the figures cover only the runs that are kept in memory.
    pub(super) of_memory: bool,
}

/// The figures of one case.
#[derive(Debug, Clone, Default)]
pub(super) struct CaseFigures {
    /// The statistics of the case's runs in a window.
    pub(super) runs: Rollup,
    /// The last runs of the case, newest last.
    pub(super) strip: Vec<Mark>,
}

/// Returns the figures of the wanted cases, with up to `marks` last runs of each.
pub(super) async fn of_cases(
    admin: &Admin,
    window: Window,
    marks: usize,
    wanted: impl Fn(&CaseId) -> bool + Clone + Send + 'static,
) -> Figures {
    let history = &admin.history;
    let read = tokio::try_join!(history.stats(window, wanted.clone()), history.strips(marks, wanted.clone()));
    let of_memory = read.is_err();
    let (stats, strips) = match read {
        Ok(read) => read,
        Err(error) => {
            run_lookup::tell(&error);
            of_journal(admin, window, marks, wanted)
        }
    };
    let mut cases: HashMap<CaseId, CaseFigures> = HashMap::new();
    for (id, runs) in stats.cases {
        cases.entry(id).or_default().runs = runs;
    }
    for (id, mut strip) in strips {
        strip.reverse();
        cases.entry(id).or_default().strip = strip;
    }
    Figures { cases, of_memory }
}

fn of_journal(
    admin: &Admin,
    window: Window,
    marks: usize,
    wanted: impl Fn(&CaseId) -> bool,
) -> (Stats, HashMap<CaseId, Vec<Mark>>) {
    let mut stats = Stats::new(window, SystemTime::now());
    let mut strips = HashMap::new();
    for (id, reports) in admin.journal.unbroken() {
        if wanted(&id) {
            reports.iter().for_each(|report| stats.add(report));
            strips.insert(id, reports.iter().take(marks).map(|report| Mark::of(report)).collect());
        }
    }
    (stats, strips)
}

/// Returns the statistics of a case's runs, step by step.
pub(super) async fn series(admin: &Admin, case: &CaseId, window: Window, step: Step) -> Series {
    let error = match admin.history.series(case.clone(), window, step).await {
        Ok(series) => return series,
        Err(error) => error,
    };
    run_lookup::tell(&error);
    let mut series = Series::new(window, step, SystemTime::now());
    let reports = admin.journal.unbroken().remove(case).unwrap_or_default();
    reports.iter().for_each(|report| series.add(report));
    series
}

/// Returns the last runs of a case, newest first.
pub(super) async fn last_runs(admin: &Admin, case: &CaseId, most: usize) -> Vec<RunRow> {
    let query = RunQuery { case: Some(case.clone()), limit: most, ..RunQuery::default() };
    run_lookup::runs(admin, query).await
}

/// Returns a run that has ended.
pub(super) async fn report(admin: &Admin, run: Uuid) -> Option<Report> {
    let json = run_lookup::report(admin, run).await?;
    let read = serde_json::from_str(&json);
    read.inspect_err(|error| tracing::error!(%error, %run, "cannot read the stored report of a run")).ok()
}

/// Returns the runs of the same case before and after a run, as far as they are kept.
pub(super) async fn neighbours(admin: &Admin, run: Uuid) -> Neighbours {
    admin.history.neighbours(run).await.unwrap_or_default()
}

/// Returns the last run in a case's strip that neither passed nor was cancelled.
pub(super) async fn last_trouble(admin: &Admin, strip: &[Mark]) -> Option<Report> {
    let told = |mark: &&Mark| !matches!(mark.outcome, Outcome::Pass | Outcome::Cancelled);
    report(admin, strip.iter().rev().find(told)?.run).await
}
