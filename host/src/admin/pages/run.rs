//! `/runs/RUN`: what one run did and met.

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::routing::get;
use maud::{Markup, html};
use uuid::Uuid;

use super::failure::Failure;
use super::figures;
use super::layout::Page;
use super::parts::{digest, lines, outcome, seconds, stamp, text, time};
use super::story::{Story, Try, What};
use super::timeline::timeline;
use crate::admin::Admin;
use crate::guest::{Budget, Limits};
use crate::history::Neighbours;
use crate::runner::Order;
use crate::scheduler::Trigger;

pub(super) fn routes() -> Router<Admin> {
    Router::new().route("/runs/{run}", get(show))
}

async fn show(State(admin): State<Admin>, run: Result<Path<Uuid>, PathRejection>) -> Result<Markup, Failure> {
    let Path(run) = run?;
    // In this order: a run that ends in between is found.
    let in_flight = admin.journal.in_flight().into_iter().find(|order| order.run == run);
    if let Some(story) = figures::story(&admin, run).await {
        let beside = figures::neighbours(&admin, run).await;
        return Ok(ended(&admin, &story, beside));
    }
    let order = in_flight.ok_or_else(|| {
        Failure::not_found(format!(
            "there is no run `{run}`, or it is kept no more (`[history]` says how long they are)"
        ))
    })?;
    Ok(going_on(&admin, &order))
}

fn title(component: &str, case: &str) -> Markup {
    let id = format!("{component}/{case}");
    html! { h1 { "Run of " a href={ "/cases/" (id) } { (text(component)) "/" wbr; (text(case)) } } }
}

/// Why a run began, in words.
fn because(trigger: &str) -> &'static str {
    match trigger {
        "schedule" => "its schedule said so",
        "deploy" => "its case was new or changed",
        _ => "somebody asked for it",
    }
}

fn going_on(admin: &Admin, order: &Order) -> Markup {
    let trigger = match order.trigger {
        Trigger::Schedule => "schedule",
        Trigger::Deploy => "deploy",
        Trigger::Request => "request",
    };
    let (component, case) = (&order.component.name, &order.case.name);
    let content = html! {
        div #run data-part="run" data-say="the run goes on" {
            (title(component, case))
            p { span.badge { span aria-hidden="true" { "▶" } " in flight" } " What it does is shown when it has ended; with the script, by itself." }
            dl.facts {
                dt { "Due" } dd { (time(order.due)) }
                dt { "Began because" } dd { (because(trigger)) }
                dt { "Version" } dd { a href={ "/components/" (component) } { (text(component)) } " " (digest(&order.component.digest)) }
                dt { "May take" } dd { (humantime::format_duration(order.case.timeout)) " per attempt, of which there may be " (order.case.retry.retries + 1) }
                dt { "Id" } dd { code { (order.run) } }
            }
        }
    };
    let title = format!("Run of {component}/{case}");
    Page::live(&title, "", format!("run {}", order.run.simple()), admin).show(&content)
}

fn ended(admin: &Admin, story: &Story, beside: Neighbours) -> Markup {
    let running =
        admin.deployed.borrow().components.get(&story.component).map(|running| running.digest.clone());
    let version = match running {
        Some(running) if running == story.digest => "the version that runs now",
        Some(_) => "another version runs now",
        None => "the component is not deployed any more",
    };
    let limits = admin.terms.borrow().runner.limits_of(&story.component);
    let several = story.attempts.len() > 1;
    let content = html! {
        div #run data-part="run" data-say={ "the run ended: " (story.outcome.name()) } {
            (title(&story.component, &story.case))
            p { (outcome(story.outcome, story.flaky)) " after " (seconds(story.duration)) ", begun " (stamp(story.started)) }
            (ways(beside))
            @for (index, attempt) in story.attempts.iter().enumerate() {
                @let number = index + 1;
                @if several {
                    h2 { "Attempt " (number) " of " (story.attempts.len()) }
                    p { (outcome(attempt.outcome, false)) " after " (seconds(attempt.duration)) ", begun " (stamp(attempt.started)) }
                }
                (reasons(attempt, number))
                @if several { h3 { "Timeline" } } @else { h2 { "Timeline" } }
                (timeline(attempt, number))
                (log(attempt, several))
                (usage(attempt, &limits))
            }
            h2 { "About this run" }
            dl.facts {
                dt { "Began because" } dd { (because(&story.trigger)) }
                dt { "Due" } dd { (stamp(story.due)) ", began " (seconds(story.start_delay)) " later" }
                dt { "Version" } dd {
                    a href={ "/components/" (story.component) } { (text(&story.component)) } " " (digest(&story.digest)) " (" (version) ")"
                    @if !story.language.is_empty() { ", " (text(&story.language)) }
                }
                dt { "Webhook" } dd { a href={ "/webhook?run=" (story.run.simple()) } { "what it received for this run" } ", as far as it is kept" }
                dt { "Id" } dd { code { (story.run) } " (" a href={ "/api/v1/runs/" (story.run) } { "JSON" } ")" }
            }
        }
    };
    let title = format!("Run of {}", story.case_id());
    Page::live(&title, "", format!("run {}", story.run.simple()), admin).show(&content)
}

/// To the runs of the same case before and after.
fn ways(Neighbours { previous, next }: Neighbours) -> Markup {
    let way = |run: Option<Uuid>, words: &str| html! { @if let Some(run) = run { " " a href={ "/runs/" (run.simple()) } { (words) } } };
    html! {
        @if previous.is_some() || next.is_some() {
            nav aria-label="Runs of the case" { p { (way(previous, "← the run before")) (way(next, "the run after →")) } }
        }
    }
}

/// Why an attempt did not pass.
fn reasons(attempt: &Try, number: usize) -> Markup {
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

/// The lines of the log once more, by themselves.
fn log(attempt: &Try, several: bool) -> Markup {
    let logged: Vec<_> =
        attempt.timeline.iter().filter(|step| matches!(step.what, What::Log { .. })).collect();
    html! {
        @if several { h3 { "Log" } } @else { h2 { "Log" } }
        @if logged.is_empty() { p.none { "It logged nothing." } } @else {
            table.stack {
                caption { "What the test logged, and wrote to its standard output and error" }
                thead { tr { th scope="col" .number { "After" } th scope="col" { "Level" } th scope="col" { "Line" } th scope="col" { "Fields" } } }
                tbody {
                    @for step in logged {
                        @if let What::Log { level, source, message, fields } = &step.what {
                            tr {
                                td.number data-name="After" { (seconds(step.at)) }
                                td data-name="Level" { @if source == "log" { (text(level)) } @else { (text(source)) } }
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

/// What an attempt used of its budgets.
fn usage(attempt: &Try, limits: &Limits) -> Markup {
    let used = |budget: Budget| attempt.usage.get(budget.name()).map(|used| (budget, *used));
    let used: Vec<(Budget, f64)> = Budget::ALL.into_iter().filter_map(used).collect();
    html! {
        details {
            summary { "Budgets" }
            (super::case::budgets(&used, limits, "What this attempt used at most"))
            @if let Some(cpu) = attempt.usage.get("cpu_seconds") { p { "Processor time: " (seconds(*cpu)) } }
        }
    }
}
