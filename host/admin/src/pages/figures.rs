//! What ran, in figures: the one place that pages have them from.
//!
//! They are of the history. Without one, or while it cannot be read, they are of the runs that the journal keeps, and of
//! each case only as far back as it forgot none: otherwise old failures, which are kept longer, would stand beside new
//! passes.

use std::collections::HashMap;
use std::time::SystemTime;

use orbital_history::{Mark, Neighbours, Rollup, RunQuery, RunRow, Series, Stats, Step};
use orbital_model::{Outcome, Report, Window};
use uuid::Uuid;

use crate::{Admin, past};

/// Of cases, by their ids.
pub(super) struct Figures {
    pub(super) cases: HashMap<String, CaseFigures>,
    /// Whether they are only of the runs that are kept in memory.
    pub(super) of_memory: bool,
}

/// Of one case.
#[derive(Debug, Clone, Default)]
pub(super) struct CaseFigures {
    /// What its runs of a window come to.
    pub(super) runs: Rollup,
    /// Its last runs, the newest last.
    pub(super) strip: Vec<Mark>,
}

/// The figures of these cases, with so many of their last runs.
pub(super) async fn of_cases(
    admin: &Admin,
    window: Window,
    marks: usize,
    wanted: impl Fn(&str) -> bool + Clone + Send + 'static,
) -> Figures {
    let history = &admin.history;
    let read = tokio::try_join!(history.stats(window, wanted.clone()), history.strips(marks, wanted.clone()));
    let of_memory = read.is_err();
    let (stats, strips) = match read {
        Ok(read) => read,
        Err(error) => {
            past::tell(&error);
            of_journal(admin, window, marks, wanted)
        }
    };
    let mut cases: HashMap<String, CaseFigures> = HashMap::new();
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
    wanted: impl Fn(&str) -> bool,
) -> (Stats, HashMap<String, Vec<Mark>>) {
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

/// What the runs of a case come to, step by step.
pub(super) async fn series(admin: &Admin, case_id: &str, window: Window, step: Step) -> Series {
    let error = match admin.history.series(case_id.to_owned(), window, step).await {
        Ok(series) => return series,
        Err(error) => error,
    };
    past::tell(&error);
    let mut series = Series::new(window, step, SystemTime::now());
    let reports = admin.journal.unbroken().remove(case_id).unwrap_or_default();
    reports.iter().for_each(|report| series.add(report));
    series
}

/// The last runs of a case, newest first.
pub(super) async fn last_runs(admin: &Admin, case_id: &str, most: usize) -> Vec<RunRow> {
    let query = RunQuery { case_id: Some(case_id.to_owned()), limit: most, ..RunQuery::default() };
    past::runs(admin, query).await
}

/// Returns a run that has ended.
pub(super) async fn report(admin: &Admin, run: Uuid) -> Option<Report> {
    let json = past::report(admin, run).await?;
    let read = serde_json::from_str(&json);
    read.inspect_err(|error| tracing::error!(%error, %run, "cannot read the stored report of a run")).ok()
}

/// The runs of the same case beside one, as far as they are kept.
pub(super) async fn neighbours(admin: &Admin, run: Uuid) -> Neighbours {
    admin.history.neighbours(run).await.unwrap_or_default()
}

/// The last run of a case that did not pass, and was not cancelled: of those in its strip.
pub(super) async fn last_trouble(admin: &Admin, strip: &[Mark]) -> Option<Report> {
    let told = |mark: &&Mark| !matches!(mark.outcome, Outcome::Pass | Outcome::Cancelled);
    report(admin, strip.iter().rev().find(told)?.run).await
}
