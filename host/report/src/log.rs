//! Events in the host's own log. Cases that go down or come up again are prominent; runs that change nothing are not
//! logged.

use std::time::Duration;

use orbital_model::describe::short as duration;
use orbital_model::text::{beginning, one_line};
use orbital_model::{CaseId, CaseRecord, Report, StateChange};
use orbital_run::component::Unavailable;
use orbital_run::event::Event;
use orbital_run::scheduler::ClockStep;

use crate::journal::Consequences;

/// Writes an event and its consequences for a case to the log.
pub(super) fn record(event: &Event, Consequences { change, stale, .. }: Consequences) {
    match event {
        Event::Loaded { component, replaced, took } => {
            let cases: Vec<&str> = component.cases.iter().map(|case| case.id.case()).collect();
            tracing::info!(
                component = %component.name,
                digest = %short(&component.digest),
                replaced = replaced.as_deref().map(short),
                ?took,
                language = %component.metadata.language,
                signed_by = (!component.signed_by.is_empty()).then_some(&component.signed_by),
                cases = %beginning(&cases.join(", ")),
                "loaded"
            );
        }
        Event::LoadFailed { component, path, error, kept } => {
            let goes_on = match kept {
                Some(digest) => format!("; the last valid version ({}) keeps running", short(digest)),
                None => String::new(),
            };
            let error = one_line(error);
            tracing::error!(%component, path = %path.display(), "did not load: {error}{goes_on}");
        }
        Event::Restored { component } => {
            tracing::info!(%component, "its file is the running version again");
        }
        Event::Removed { component } => tracing::info!(%component, "removed"),
        Event::DirectoryLost(Unavailable { path, reason }) => {
            let (directory, reason) = (path.display(), one_line(reason));
            tracing::error!(
                %directory,
                "the directory of components is unavailable; deployed components keep running: {reason}"
            );
        }
        Event::DirectoryFound { path } => {
            tracing::info!(directory = %path.display(), "the directory of components is available again");
        }
        Event::ClockSet(ClockStep::Ahead(by)) => {
            let by = duration(*by);
            tracing::warn!(
                "the wall clock was set ahead by {by}; runs that were due in between are not made up for"
            );
        }
        Event::ClockSet(ClockStep::Back(by)) => {
            tracing::warn!("the wall clock was set back by {}", duration(*by));
        }
        Event::RunSkipped { case, reason, count, detail } => {
            let detail = detail.as_deref().map(tracing::field::display);
            tracing::debug!(%case, reason = reason.name(), count, detail, "skipped");
            tell_stale(case, stale);
        }
        Event::RunEnded(report) => {
            if let Some(change) = change {
                tell(report, &change);
            }
            tell_stale(&report.case, stale);
        }
        Event::Scheduled { .. } | Event::RunStarted(_) => {}
    }
}

fn tell_stale(case: &CaseId, stale: Option<bool>) {
    let runs = CaseRecord::STALE_AFTER;
    match stale {
        Some(true) => tracing::error!(
            %case,
            "STALE: its last {runs} due runs gave no verdict, as the host cancelled or skipped them"
        ),
        Some(false) => tracing::warn!(%case, "has a verdict again"),
        None => {}
    }
}

fn tell(report: &Report, change: &StateChange) {
    let case = &report.case;
    let lasted = change.lasted.map(|lasted| Duration::from_secs(lasted.as_secs()));
    let lasted = lasted.map(humantime::format_duration);
    match (change.up, lasted) {
        (true, None) => tracing::info!(%case, "up"),
        (true, Some(down_for)) => tracing::warn!(%case, %down_for, "UP again"),
        (false, up_for) => {
            let reason = report.attempts.last().and_then(|attempt| attempt.messages.first());
            let reason = reason.and_then(|reason| reason.lines().next()).map(beginning).unwrap_or_default();
            let up_for = up_for.map(tracing::field::display);
            tracing::error!(%case, outcome = report.outcome.name(), run = %report.run, up_for, "DOWN: {reason}");
        }
    }
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}
