//! `/cases/COMPONENT/CASE`: one case with its figures, and running, pausing and resuming it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Form, Router};
use maud::{Markup, html};
use orbital_history::{Point, Rollup, RunRow, Series, Step};
use orbital_model::describe::short;
use orbital_model::{Budget, CaseId, Outcome, Window};
use orbital_policy::limits::Limits;
use orbital_run::scheduler::{SuspendedBy, Suspension};
use serde::Deserialize;
use uuid::Uuid;

use crate::Admin;
use crate::api::pauses;
use crate::api::pauses::PauseRequest;
use crate::pages::failure::Failure;
use crate::pages::figures;
use crate::pages::layout::{Page, Watches};
use crate::pages::overview::why;
use crate::pages::own::lead_to;
use crate::pages::parts;
use crate::pages::parts::{case_name, digest, percent, text, time};
use crate::pages::plot;
use crate::pages::runs::run_table;
use crate::pages::view;
use crate::pages::view::CaseView;
use crate::pages::windows;
use crate::problem::Problem;

/// The number of last runs that are listed.
const RUNS: usize = 25;

/// The durations for which the form can pause a case, and their names.
const PAUSES: [(&str, &str); 5] = [
    ("30m", "30 minutes"),
    ("2h", "2 hours"),
    ("8h", "8 hours"),
    ("1d", "a day"),
    ("", "until somebody resumes it"),
];

pub(super) fn routes() -> Router<Admin> {
    Router::new()
        .route("/cases/{component}/{case}", get(show))
        .route("/cases/{component}/{case}/run", post(run))
        .route("/cases/{component}/{case}/pause", post(pause))
        .route("/cases/{component}/{case}/resume", post(resume))
}

#[derive(Deserialize)]
struct Look {
    #[serde(default)]
    window: Window,
}

#[derive(Deserialize)]
struct PauseForm {
    reason: String,
    author: String,
    lasting: String,
}

#[derive(Deserialize)]
struct ResumeForm {
    pause: Uuid,
}

async fn show(
    State(admin): State<Admin>,
    Path((component, name)): Path<(String, String)>,
    look: Result<Query<Look>, QueryRejection>,
) -> Result<Markup, Failure> {
    let Query(Look { window }) = look?;
    let id = CaseId::new(&component, &name);
    let case = view::case(&admin, &id, window).await?;
    let step = Step::new(window, None).map_err(Problem::bad_request)?;
    let series = figures::series(&admin, &id, window, step).await;
    let runs = figures::last_runs(&admin, &id, RUNS).await;
    let content = html! {
        h1 { (case_name(&id)) }
        (standing(&case))
        (actions(&case))
        h2 #figures-title { "How it has been" }
        form.row method="get" { (windows::chooser(window)) button type="submit" { "Show" } }
        (so_far(&case.figures.runs, &series, window))
        (last_runs(&id, &runs))
        (plan(&case))
        (used(&admin, &case))
    };
    Ok(Page::live(&id, "", Watches::Case(&id), &admin).show(&content))
}

async fn run(
    State(admin): State<Admin>,
    Path((component, name)): Path<(String, String)>,
) -> Result<Redirect, Failure> {
    let started = admin.dispatcher.run(&CaseId::new(&component, &name)).await?;
    Ok(lead_to(&format!("/runs/{}", started.run.simple())))
}

async fn pause(
    State(admin): State<Admin>,
    Path((component, name)): Path<(String, String)>,
    form: Result<Form<PauseForm>, FormRejection>,
) -> Result<Redirect, Failure> {
    let Form(PauseForm { reason, author, lasting }) = form?;
    let case = view::case(&admin, &CaseId::new(&component, &name), Window::default()).await?;
    let cases = case.id().to_string();
    let lasting = Some(lasting).filter(|lasting| !lasting.is_empty());
    pauses::pause(&admin, PauseRequest { cases, reason, author, until: None, lasting }).await?;
    Ok(back(&case))
}

async fn resume(
    State(admin): State<Admin>,
    Path((component, name)): Path<(String, String)>,
    form: Result<Form<ResumeForm>, FormRejection>,
) -> Result<Redirect, Failure> {
    let Form(ResumeForm { pause }) = form?;
    let case = view::case(&admin, &CaseId::new(&component, &name), Window::default()).await?;
    pauses::resume(&admin, pause).await?;
    Ok(back(&case))
}

fn back(case: &CaseView) -> Redirect {
    lead_to(&format!("/cases/{}", case.id()))
}

fn standing(case: &CaseView) -> Markup {
    let state = case.state();
    html! {
        div #standing data-part="standing" data-say={ (case.id()) " is " (state) } {
            p {
                (parts::state(state))
                @if let Some(standing) = case.record.standing {
                    @if state == "paused" || state == "stale" { " " @if standing.up { "(it was up" } @else { "(it was down" } " since " (time(standing.since)) ")" }
                    @else { " since " (time(standing.since)) }
                }
                @for order in &case.in_flight { " · " a href={ "/runs/" (order.run.simple()) } { "a run is in flight" } }
            }
            @if case.record.is_stale() {
                p { "The host cancelled or skipped its last " (case.record.without_verdict) " due runs, so its state may be wrong by now." }
            }
            @if let Some(suspension) = &case.planned.suspension { (halted(suspension)) }
            @if let Some(trouble) = &case.trouble { div.cases { (why(trouble)) } }
        }
    }
}

fn halted(suspension: &Suspension) -> Markup {
    let by = match suspension.by {
        SuspendedBy::Override => "by an override of the configuration",
        SuspendedBy::Maintenance => "by a maintenance window",
        SuspendedBy::Pause(_) => "by a pause",
    };
    let until = suspension.until.and_then(|until| SystemTime::UNIX_EPOCH.checked_add(until));
    html! {
        div.note {
            p {
                "‖ It does not run by itself, " (by)
                @if let Some(author) = &suspension.author { " of " (text(author)) }
                @if let Some(until) = until { ", until " (time(until)) }
                ": " (text(&suspension.reason))
            }
        }
    }
}

fn actions(case: &CaseView) -> Markup {
    let (id, suspension) = (case.id(), &case.planned.suspension);
    let pause = suspension.as_ref().and_then(|suspension| match suspension.by {
        SuspendedBy::Pause(pause) => Some(pause),
        SuspendedBy::Override | SuspendedBy::Maintenance => None,
    });
    html! {
        form.row method="post" action={ "/cases/" (id) "/run" } { button type="submit" { "Run now" } }
        @if let Some(pause) = pause {
            form.row method="post" action={ "/cases/" (id) "/resume" } {
                input type="hidden" name="pause" value=(pause);
                button type="submit" { "Resume" }
            }
        } @else if suspension.is_none() {
            details #pausing {
                summary { "Pause it" }
                form.row method="post" action={ "/cases/" (id) "/pause" } {
                    label { "Reason" input name="reason" required maxlength="1000"; }
                    label { "Your name" input name="author" required maxlength="1000" autocomplete="username"; }
                    label { "For" select name="lasting" { @for (value, words) in PAUSES { option value=(value) { (words) } } } }
                    button type="submit" { "Pause" }
                }
            }
        }
    }
}

fn so_far(runs: &Rollup, series: &Series, window: Window) -> Markup {
    let words = windows::words(window);
    let step = humantime::format_duration(series.step);
    html! {
        div #figures data-part="figures" {
            ul.tiles aria-label={ "Runs of the " (words) } {
                li { strong { @match runs.pass_ratio() { Some(ratio) => (percent(ratio)), None => "–" } } " passed, " (words) }
                @for outcome in Outcome::ALL {
                    @if runs.runs(outcome) > 0 { li { strong { (runs.runs(outcome)) } " " (parts::outcome(outcome, false)) } }
                }
                @if runs.flaky() > 0 { li { strong { (runs.flaky()) } " of them " span.badge.flaky { "≈ flaky" } } }
            }
            @if runs.total() == 0 {
                p.none { "No run was started in the " (words) "." }
            } @else {
                figure {
                    figcaption #plot-title {
                        "Latency from the event to its delivery, " (words) ": " (runs.latency.count()) " deliveries"
                        @if let Some(latency) = runs.latency.quantiles() {
                            ", p50 " (short(latency.p50)) ", p95 " (short(latency.p95)) ", p99 " (short(latency.p99)) ", longest " (short(latency.max))
                        }
                        ". The line is the median of each " (step) ", the dashed one the 95th percentile; a cross is where runs did not pass."
                    }
                    @if let Some(plot) = plot::latency(series, window) { (plot) }
                }
                (table(series))
            }
        }
    }
}

/// Returns the plot in numbers: for equal parts of the window, without those in which nothing ran.
fn table(series: &Series) -> Markup {
    const PARTS: usize = 12;
    let steps = series.points.len().div_ceil(PARTS).max(1);
    let merged = |points: &[Point]| {
        let mut runs = Rollup::default();
        points.iter().for_each(|point| runs.merge(&point.runs));
        (points[0].at, runs)
    };
    let rows = series.points.chunks(steps).map(merged).filter(|(_, runs)| runs.total() > 0);
    let length = humantime::format_duration(series.step * u32::try_from(steps).unwrap_or(u32::MAX));
    let shown = |runs: &Rollup, part: f64| runs.latency.quantile(part).map_or("–".to_owned(), short);
    html! {
        details #numbers {
            summary { "The plot in numbers" }
            table.stack {
                caption { "Runs and latency, of " (length) " each" }
                thead { tr { th scope="col" { "From" } th scope="col" .number { "Runs" } th scope="col" .number { "Passed" } th scope="col" .number { "Median" } th scope="col" .number { "95 %" } } }
                tbody {
                    @for (at, runs) in rows {
                        tr {
                            td data-name="From" { (time(at)) }
                            td.number data-name="Runs" { (runs.total()) }
                            td.number data-name="Passed" { @match runs.pass_ratio() { Some(ratio) => (percent(ratio)), None => "–" } }
                            td.number data-name="Median" { (shown(&runs, 0.5)) }
                            td.number data-name="95 %" { (shown(&runs, 0.95)) }
                        }
                    }
                }
            }
        }
    }
}

fn last_runs(id: &str, runs: &[RunRow]) -> Markup {
    html! {
        h2 { "Last runs" }
        div #runs data-part="runs" {
            @if runs.is_empty() { p.none { "It has not run yet." } } @else {
                (run_table(runs, false))
                p { a href={ "/runs?cases=" (id) } { "All runs" } " · " a href={ "/runs?cases=" (id) "&how=wrong" } { "those that did not pass" } " · " a href={ "/runs?cases=" (id) "&how=flaky" } { "flaky ones" } }
            }
        }
    }
}

fn plan(case: &CaseView) -> Markup {
    let (planned, record) = (&case.planned, &case.record);
    let (case, declared) = (&planned.case, &planned.declared);
    let overridden = |is_other: bool| if is_other { " (set by an override)" } else { "" };
    let next = planned.next.and_then(|next| SystemTime::UNIX_EPOCH.checked_add(next));
    html! {
        h2 { "Plan" }
        dl.facts #plan data-part="plan" {
            dt { "Schedule" } dd { (text(&case.schedule.to_string())) (overridden(case.schedule != declared.schedule)) }
            dt { "Next run" } dd { @match next { Some(next) => (time(next)), None => "never by itself" } }
            dt { "Timeout" } dd { (humantime::format_duration(case.timeout)) (overridden(case.timeout != declared.timeout)) }
            dt { "Retries" } dd { (case.retry.retries) @if case.retry.retries > 0 { ", " (humantime::format_duration(case.retry.delay)) " apart" } }
            dt { "In flight" } dd { "at most " (case.max_in_flight) }
            dt { "Last pass" } dd { @match record.last_pass { Some(pass) => (time(pass)), None => "none yet" } }
            @if let Some((at, reason)) = record.last_skip { dt { "Last skipped" } dd { (time(at)) ": " (reason.name().replace('_', " ")) } }
            dt { "Component" } dd { a href={ "/components/" (planned.version.name) } { (text(&planned.version.name)) } " " (digest(&planned.version.digest)) }
            @if !case.tags.is_empty() {
                dt { "Tags" }
                dd { @for (name, value) in &case.tags { code { (text(name)) ":" (text(value)) } " " } }
            }
        }
    }
}

/// Returns the most that the last runs used of each budget.
fn used(admin: &Admin, case: &CaseView) -> Markup {
    let reports = admin.journal.runs_of(case.id(), RUNS);
    let mut most: BTreeMap<usize, (Budget, u64)> = BTreeMap::new();
    let attempts = reports.iter().flat_map(|report| &report.attempts);
    for (budget, peak) in attempts.flat_map(|attempt| &attempt.usage.peak) {
        let entry = most.entry(*budget as usize).or_insert((*budget, 0));
        entry.1 = entry.1.max(*peak);
    }
    let most: Vec<(Budget, u64)> = most.into_values().collect();
    let limits = admin.policy.borrow().runner.limits_of(&case.planned.version.name);
    html! {
        h2 { "Budgets" }
        div #budgets data-part="budgets" {
            (budgets(&most, &limits, &format!("What the last {} runs used at most, of what one may", reports.len())))
        }
    }
}

/// Returns a table of budgets, with their usage and their limits.
pub(super) fn budgets(used: &[(Budget, u64)], limits: &Limits, caption: &str) -> Markup {
    html! {
        @if used.is_empty() { p.none { "None was used." } } @else {
            table.stack {
                caption { (caption) }
                thead { tr { th scope="col" { "Budget" } th scope="col" .number { "Used" } th scope="col" .number { "Limit" } th scope="col" { "Share" } } }
                tbody {
                    @for (budget, used) in used {
                        @let limit = limits.of(*budget);
                        @let share = if limit == 0 { 1.0 } else { *used as f64 / limit as f64 };
                        tr {
                            th scope="row" { (budget.name().replace('_', " ")) }
                            td.number data-name="Used" { (budget.show(*used)) }
                            td.number data-name="Limit" { (budget.show(limit)) }
                            td data-name="Share" {
                                meter min="0" max="1" high="0.8" value=(format!("{:.4}", share.min(1.0))) aria-label={ "share of " (budget.name()) } {}
                                " " (percent(share))
                            }
                        }
                    }
                }
            }
        }
    }
}
