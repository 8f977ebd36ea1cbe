//! `/runs/RUN`: the steps of one run, and its result.

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::get;
use maud::{Markup, html};
use orbital_history::Neighbours;
use orbital_model::describe::short;
use orbital_model::{Attempt, CaseId, Report, StepKind, Trigger};
use orbital_policy::limits::Limits;
use orbital_run::order::Order;
use uuid::Uuid;

use crate::Admin;
use crate::pages::failure::Failure;
use crate::pages::figures;
use crate::pages::layout::{Page, Watches};
use crate::pages::parts::{case_name, digest, lines, outcome, text, time};
use crate::pages::timeline::timeline;

pub(super) fn routes() -> Router<Admin> {
    Router::new().route("/runs/{run}", get(show))
}

async fn show(State(admin): State<Admin>, run: Result<Path<Uuid>, PathRejection>) -> Result<Markup, Failure> {
    let Path(run) = run?;
    // Runs in flight are read first, so that a run that ends in between is found.
    let in_flight = admin.journal.in_flight().into_iter().find(|order| order.run == run);
    if let Some(report) = figures::report(&admin, run).await {
        let neighbours = figures::neighbours(&admin, run).await;
        return Ok(ended(&admin, &report, neighbours));
    }
    let order = in_flight.ok_or_else(|| {
        Failure::not_found(format!(
            "there is no run `{run}`, or it is kept no more (`[history]` says how long they are)"
        ))
    })?;
    Ok(going_on(&admin, &order))
}

fn title(case: &CaseId) -> Markup {
    html! { h1 { "Run of " a href={ "/cases/" (case) } { (case_name(case)) } } }
}

/// Returns why a run began, as text.
fn because(trigger: Trigger) -> &'static str {
    match trigger {
        Trigger::Schedule => "its schedule said so",
        Trigger::Deploy => "its case was new or changed",
        Trigger::Request => "somebody asked for it",
    }
}

fn going_on(admin: &Admin, order: &Order) -> Markup {
    let component = &order.component.name;
    let content = html! {
        div #run data-part="run" data-say="the run is in progress" {
            (title(&order.case.id))
            p { span.badge { span aria-hidden="true" { "▶" } " in flight" } " What it does is shown when it has ended; with the script, by itself." }
            dl.facts {
                dt { "Due" } dd { (time(order.due)) }
                dt { "Began because" } dd { (because(order.trigger)) }
                dt { "Version" } dd { a href={ "/components/" (component) } { (text(component)) } " " (digest(&order.component.digest)) }
                dt { "May take" } dd { (humantime::format_duration(order.case.timeout)) " per attempt, of which there may be " (order.case.retry.retries + 1) }
                dt { "Id" } dd { code { (order.run) } }
            }
        }
    };
    let title = format!("Run of {}", order.case.id);
    Page::live(&title, "", Watches::Run(order.run), admin).show(&content)
}

fn ended(admin: &Admin, report: &Report, neighbours: Neighbours) -> Markup {
    let running =
        admin.deployed.borrow().components.get(report.case.component()).map(|running| running.digest.clone());
    let version = match running {
        Some(running) if running == report.digest => "the version that runs now",
        Some(_) => "another version runs now",
        None => "the component is not deployed any more",
    };
    let limits = admin.policy.borrow().runner.limits_of(report.case.component());
    let several = report.attempts.len() > 1;
    let content = html! {
        div #run data-part="run" data-say={ "the run ended: " (report.outcome.name()) } {
            (title(&report.case))
            p { (outcome(report.outcome, report.flaky)) " after " (short(report.duration)) ", begun " (time(report.started)) }
            (neighbour_links(neighbours))
            @for (index, attempt) in report.attempts.iter().enumerate() {
                @let number = index + 1;
                @if several {
                    h2 { "Attempt " (number) " of " (report.attempts.len()) }
                    p { (outcome(attempt.outcome, false)) " after " (short(attempt.duration)) ", begun " (time(attempt.started)) }
                }
                (reasons(attempt, number))
                @if several { h3 { "Timeline" } } @else { h2 { "Timeline" } }
                (timeline(attempt, number))
                (log(attempt, several))
                (usage(attempt, &limits))
            }
            h2 { "About this run" }
            dl.facts {
                dt { "Began because" } dd { (because(report.trigger)) }
                dt { "Due" } dd { (time(report.due)) ", began " (short(report.start_delay)) " later" }
                dt { "Version" } dd {
                    a href={ "/components/" (report.case.component()) } { (text(report.case.component())) } " " (digest(&report.digest)) " (" (version) ")"
                    @if !report.language.is_empty() { ", " (text(&report.language)) }
                }
                dt { "Webhook" } dd { a href={ "/webhook?run=" (report.run.simple()) } { "what it received for this run" } ", as far as it is kept" }
                dt { "Id" } dd { code { (report.run) } " (" a href={ "/api/v1/runs/" (report.run) } { "JSON" } ")" }
            }
        }
    };
    let title = format!("Run of {}", report.case);
    Page::live(&title, "", Watches::Run(report.run), admin).show(&content)
}

/// Returns links to the runs of the same case before and after.
fn neighbour_links(Neighbours { previous, next }: Neighbours) -> Markup {
    let way = |run: Option<Uuid>, words: &str| html! { @if let Some(run) = run { " " a href={ "/runs/" (run.simple()) } { (words) } } };
    html! {
        @if previous.is_some() || next.is_some() {
            nav aria-label="Runs of the case" { p { (way(previous, "← the run before")) (way(next, "the run after →")) } }
        }
    }
}

/// Returns why an attempt did not pass.
fn reasons(attempt: &Attempt, number: usize) -> Markup {
    html! {
        @if !attempt.messages.is_empty() {
            div.note.bad {
                @for message in &attempt.messages { p.pre { (lines(message)) } }
                @if let Some(index) = attempt.culprit() {
                    p { a href={ "#step-" (number) "-" (index + 1) } { "Go to the step at which it went wrong" } }
                }
            }
        }
    }
}

/// Returns the lines of the log again, without the other steps.
fn log(attempt: &Attempt, several: bool) -> Markup {
    let logged: Vec<_> =
        attempt.timeline.iter().filter(|step| matches!(step.what, StepKind::Log { .. })).collect();
    html! {
        @if several { h3 { "Log" } } @else { h2 { "Log" } }
        @if logged.is_empty() { p.none { "It logged nothing." } } @else {
            table.stack {
                caption { "What the test logged, and wrote to its standard output and error" }
                thead { tr { th scope="col" .number { "After" } th scope="col" { "Level" } th scope="col" { "Line" } th scope="col" { "Fields" } } }
                tbody {
                    @for step in logged {
                        @if let StepKind::Log { level, source, message, fields } = &step.what {
                            tr {
                                td.number data-name="After" { (short(step.at)) }
                                td data-name="Level" { (source.label(*level)) }
                                td data-name="Line" { span.pre { (lines(message)) } }
                                td { @for (name, value) in fields { code { (text(name)) "=" (text(value)) } " " } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Returns the usage of an attempt's budgets.
fn usage(attempt: &Attempt, limits: &Limits) -> Markup {
    html! {
        details {
            summary { "Budgets" }
            (super::case::budgets(&attempt.usage.peak, limits, "What this attempt used at most"))
            @if !attempt.usage.cpu.is_zero() { p { "Processor time: " (short(attempt.usage.cpu)) } }
        }
    }
}
