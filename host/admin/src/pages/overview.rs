//! `/`: all cases, the problems of each, and the state of the host.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use maud::{Markup, html};
use orbital_history::{HistoryState, HistoryStatus, LastSession};
use orbital_model::describe::short;
use orbital_model::{CaseRecord, Window};
use orbital_run::component::Unavailable;
use serde::Deserialize;

use crate::Admin;
use crate::pages::failure::Failure;
use crate::pages::layout::{Page, Watches};
use crate::pages::parts;
use crate::pages::parts::{case_name, lines, percent, roughly, segment, strip, text, time};
use crate::pages::view;
use crate::pages::view::{CaseView, Cases, Trouble};
use crate::pages::windows;

/// The states that can be selected.
const STATES: [&str; 5] = ["down", "stale", "unknown", "up", "paused"];

/// The number of lines that are shown of a message: the rest is on the run's page.
const LINES: usize = 4;

pub(super) fn routes() -> Router<Admin> {
    Router::new().route("/", get(show))
}

/// The query. An empty field of the form counts as missing.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Filter {
    /// A part of an id.
    q: String,
    component: String,
    /// A tag, `NAME:VALUE`.
    tag: String,
    state: String,
    window: Window,
    /// Ids: the script asks for the cases that have changed.
    only: String,
}

async fn show(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Markup, Failure> {
    let Query(filter) = filter?;
    let Cases { cases: all, of_memory } = view::cases(&admin, filter.window, |_| true).await?;
    let wanted: Vec<&CaseView> = all.iter().filter(|case| filter.wants(case)).collect();
    let only: BTreeSet<&str> = filter.only.split(',').filter(|id| !id.is_empty()).collect();
    let rows = wanted.iter().filter(|case| only.is_empty() || only.contains(case.id().as_str()));
    let content = html! {
        h1 { "Overview" }
        (summary(&all))
        (wrong(&admin))
        h2 #cases-title { "Cases" }
        (filter.form(&all))
        p.faint #count data-part="count" {
            (wanted.len()) " of " (all.len()) " cases · ratios and latencies are of the " (windows::words(filter.window))
            @if of_memory { ", as far as runs are kept in memory" }
            " · latency is from the event to its delivery"
        }
        @if all.is_empty() {
            p { "Nothing is deployed: copy a component into the directory that the configuration names." }
        }
        ul.cases #cases data-part="rows" aria-labelledby="cases-title" {
            @for case in rows { (row(case, filter.window)) }
        }
        h2 { "The host" }
        (doing(&admin))
    };
    Ok(Page::live("Overview", "/", Watches::Cases, &admin).show(&content))
}

impl Filter {
    fn wants(&self, case: &CaseView) -> bool {
        let Self { q, component, tag, state, .. } = self;
        let planned = &case.planned;
        let has_tag = || {
            let mut tags = planned.case.tags.iter();
            tags.any(|(name, value)| tag.split_once(':') == Some((name, value)))
        };
        case.id().to_lowercase().contains(&q.trim().to_lowercase())
            && (component.is_empty() || *component == planned.version.name)
            && (tag.is_empty() || has_tag())
            && (state.is_empty() || state == case.state())
    }

    fn form(&self, all: &[CaseView]) -> Markup {
        let components: BTreeSet<&str> = all.iter().map(|case| &*case.planned.version.name).collect();
        let tags = all.iter().flat_map(|case| &case.planned.case.tags);
        let tags: BTreeSet<String> = tags.map(|(name, value)| format!("{name}:{value}")).collect();
        let choice = |name: &str, label: &str, chosen: &str, options: Vec<&str>| {
            html! {
                label {
                    (label)
                    select name=(name) {
                        option value="" { "all" }
                        @for option in options {
                            option value=(option) selected[option == chosen] { (text(option)) }
                        }
                    }
                }
            }
        };
        html! {
            form.row method="get" action="/" role="search" aria-label="Cases" {
                label { "Name" input type="search" name="q" value=(self.q); }
                (choice("component", "Component", &self.component, components.into_iter().collect()))
                (choice("tag", "Tag", &self.tag, tags.iter().map(String::as_str).collect()))
                (choice("state", "State", &self.state, STATES.to_vec()))
                (windows::chooser(self.window))
                button type="submit" { "Show" }
                @if !(self.q.is_empty() && self.component.is_empty() && self.tag.is_empty() && self.state.is_empty()) {
                    a href={ "/" (windows::query(self.window)) } { "Show all" }
                }
            }
        }
    }
}

fn summary(all: &[CaseView]) -> Markup {
    let count = |state: &str| all.iter().filter(|case| case.state() == state).count();
    html! {
        ul.tiles #summary data-part="summary" aria-label="Cases by state" {
            @for state in STATES {
                li { strong { (count(state)) } " " (parts::state(state)) }
            }
        }
    }
}

/// Returns the problems of the host itself.
fn wrong(admin: &Admin) -> Markup {
    let snapshot = admin.deployed.borrow().clone();
    let config = admin.config.borrow().clone();
    let history = admin.history.status();
    let stale = admin.journal.stale().len();
    html! {
        section #host data-part="host" aria-label="What is wrong with the host" {
            ul.notes {
                @if let Some(Unavailable { path, reason }) = &snapshot.unavailable {
                    li.note.bad {
                        p { strong { "✗ The directory of components is unavailable" } "; deployed components keep running." }
                        p.pre { (text(&path.display().to_string())) ": " (text(reason)) }
                    }
                }
                @for (name, failure) in &snapshot.failures {
                    li.note.bad {
                        p { strong { "✗ The component " a href={ "/components/" (segment(name)) } { (text(name)) } " does not load" }
                            @if snapshot.components.contains_key(name) { "; its last valid version keeps running" } "." }
                        (reason(&format!("failure-{name}"), &failure.error))
                    }
                }
                @if let Some(error) = &config.failure {
                    li.note.bad {
                        p { strong { "✗ The configuration on disk is invalid" } "; the last valid one is in effect." }
                        (reason("failure-of-configuration", error))
                    }
                }
                @if !config.at_next_start.is_empty() {
                    li.note.odd { p { "! These settings have changed and need a restart: " (config.at_next_start.join(", ")) } }
                }
                @if let HistoryState::Paused { reason, since } = &history.state {
                    li.note.bad {
                        p { strong { "✗ The history is stalled" } ", since " (time(*since)) ": tests continue, and " (history.queue_runs) " runs wait to be written"
                            @if history.lost() > 0 { "; " (history.lost()) " found no room and are missing" } "." }
                        p.pre { (text(reason)) }
                    }
                } @else if history.lost() > 0 {
                    li.note.odd { p { "! " (history.lost()) " runs are missing from the history since the host started: there was no room for them while it was paused, or it refused them." } }
                }
                @if stale > 0 {
                    li.note.bad {
                        p { strong { "✗ " (stale) " cases are stale" } ": the last " (CaseRecord::STALE_AFTER)
                            " due runs of each gave no verdict, as the host cancelled or skipped them. Their state may be wrong by now." }
                    }
                }
                @if !snapshot.ready {
                    li.note { p { "… The components are being loaded." } }
                }
            }
        }
    }
}

/// Returns the state of the host apart from its problems: uptime, components, skipped runs and the history.
fn doing(admin: &Admin) -> Markup {
    let skips = admin.journal.skips();
    let skips: Vec<String> = skips
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(reason, count)| format!("{count} {}", reason.name().replace('_', " ")))
        .collect();
    let components = admin.deployed.borrow().components.len();
    let history = admin.history.status();
    html! {
        div #doing data-part="doing" {
            p.faint {
                "Up since " (time(admin.started)) " (" (roughly(view::uptime(admin))) ")"
                " · " (components) " components · "
                @if skips.is_empty() { "no run was skipped since then" } @else { "skipped since then: " (skips.join(", ")) }
                " · " (kept(&history))
            }
            @if let Some(last) = &history.last_session { (unclean(last)) }
        }
    }
}

/// Returns how many runs the history has, and since when.
fn kept(history: &HistoryStatus) -> Markup {
    html! {
        @match (&history.state, history.oldest) {
            (HistoryState::Off, _) => "no history is kept, `history.enabled` is false: figures are of the runs in memory",
            (_, Some(oldest)) => { (history.runs) " runs in the history, " (bytesize::ByteSize(history.bytes)) ", since " (time(oldest)) },
            (_, None) => "no run in the history yet",
        }
    }
}

/// Returns a note if runs of the host before this one may be missing from the history.
fn unclean(last: &LastSession) -> Markup {
    html! {
        @if let Some(missing) = last.missing {
            p.note.odd {
                "! The last start did not end cleanly. Of the runs that ended after " (time(last.written)) ", up to " (missing.runs)
                " or those of " (humantime::format_duration(missing.time)) " may be missing from the history, and those that were in flight."
            }
        }
    }
}

/// Returns the first line of an error. The other lines are shown on demand.
fn reason(id: &str, error: &str) -> Markup {
    html! {
        @match error.split_once('\n') {
            Some((first, _)) => details id=(id) { summary { (text(first)) } pre tabindex="0" { (lines(error)) } },
            None => p.pre { (text(error)) },
        }
    }
}

fn row(case: &CaseView, window: Window) -> Markup {
    let (id, runs) = (case.id(), &case.figures.runs);
    let state = case.state();
    html! {
        li data-id=(id) data-order=(case.order()) data-say={ (id) " is " (state) } {
            div {
                h3 { a href={ "/cases/" (id) (windows::query(window)) } { (case_name(id)) } }
                p.tags {
                    (parts::state(state))
                    @if !case.in_flight.is_empty() { span { "runs now" } }
                    @for (name, value) in &case.planned.case.tags { span { (text(name)) ":" (text(value)) } }
                }
            }
            p.measures {
                span { b { "passed " } @match runs.pass_ratio() { Some(ratio) => (percent(ratio)), None => "–" } }
                @for (name, part) in [("p50 ", 0.5), ("p95 ", 0.95)] {
                    span { b { (name) } @match runs.latency.quantile(part) { Some(latency) => (short(latency)), None => "–" } }
                }
                @if let Some(last) = case.last() { span { b { "last " } (parts::outcome(last.outcome, last.flaky)) } }
            }
            (strip(&case.figures.strip))
            @if let Some(suspension) = &case.planned.suspension { p { "‖ paused: " (text(&suspension.reason)) } }
            @if let Some(trouble) = &case.trouble { (why(trouble)) }
        }
    }
}

/// Returns why a case is down: the step at which its last run went wrong, and the message.
pub(super) fn why(trouble: &Trouble) -> Markup {
    let message: Vec<&str> = trouble.message.lines().take(LINES).collect();
    let more = trouble.message.lines().count() > LINES;
    html! {
        div.why {
            p {
                a href={ "/runs/" (trouble.run.simple()) } { "Run of " (time(trouble.started)) } ": " (trouble.outcome.name())
                @if let Some((number, steps, step)) = &trouble.step {
                    " at step " (number) " of " (steps) ": " strong { (text(step)) }
                }
            }
            span.pre { (lines(&message.join("\n"))) @if more { "\n…" } }
        }
    }
}
