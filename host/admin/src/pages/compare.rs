//! `/compare`: the comparison of two other hosts, with what differs by more than noise.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use maud::{Markup, html};
use orbital_compare::{Aspect, CaseComparison, Comparison, Finding, LEVEL};
use orbital_model::describe::short;
use orbital_model::error::chain;
use orbital_model::{Pattern, Window};
use serde::Deserialize;

use crate::Admin;
use crate::pages::failure::Failure;
use crate::pages::layout::{Page, Watches};
use crate::pages::parts::{percent, text};
use crate::pages::paths::COMPARE;
use crate::pages::windows;
use crate::problem::Problem;

/// The columns, with the statistical test of each.
const ASPECTS: [(Aspect, &str, &str); 3] = [
    (Aspect::PassRatio, "Passed", "Fisher's exact test"),
    (Aspect::P50, "p50", "Mann–Whitney U"),
    (Aspect::P95, "p95", "Fisher's exact test of what is above it"),
];

pub(super) fn routes() -> Router<Admin> {
    Router::new().route(COMPARE, get(show))
}

/// The query. An empty field of the form counts as missing.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Pair {
    one: String,
    other: String,
    window: Window,
    /// A pattern of case ids.
    cases: String,
}

async fn show(
    State(admin): State<Admin>,
    pair: Result<Query<Pair>, QueryRejection>,
) -> Result<Markup, Failure> {
    let Query(mut pair) = pair?;
    let environments = admin.environments.borrow().clone();
    let names: Vec<&str> = environments.names().collect();
    let is_asked = !(pair.one.is_empty() && pair.other.is_empty());
    // The form begins with the first two environments.
    for (chosen, name) in [&mut pair.one, &mut pair.other].into_iter().zip(&names) {
        if chosen.is_empty() {
            *chosen = (*name).to_owned();
        }
    }
    let cases = Some(pair.cases.trim()).filter(|cases| !cases.is_empty());
    let cases = cases.map(Pattern::parse).transpose().map_err(Problem::bad_request)?;
    let compared = match is_asked {
        true => Some(environments.compare([&pair.one, &pair.other], pair.window, cases.as_ref()).await),
        false => None,
    };
    let content = html! {
        h1 { "Compare" }
        @if names.len() < 2 {
            p { "To compare two hosts, such as staging and production, name both in sections "
                code { "[environments.NAME]" } " of the configuration, each with its " code { "url" } " and " code { "token" } "." }
        } @else {
            (pair.form(&names))
        }
        @match &compared {
            None => {},
            Some(Ok(comparison)) => (side_by_side(comparison)),
            Some(Err(errors)) => {
                ul.notes { @for error in errors { li.note.bad { p { (text(&chain(error))) } } } }
            }
        }
    };
    Ok(Page::live("Compare", COMPARE, Watches::Nothing, &admin).show(&content))
}

impl Pair {
    fn form(&self, names: &[&str]) -> Markup {
        let choice = |field: &str, label: &str, chosen: &str| {
            html! {
                label {
                    (label)
                    select name=(field) {
                        @for name in names { option value=(name) selected[*name == chosen] { (text(name)) } }
                    }
                }
            }
        };
        html! {
            form.row method="get" action=(COMPARE) {
                (choice("one", "One", &self.one))
                (choice("other", "Other", &self.other))
                (windows::chooser(self.window))
                label { "Cases" input type="search" name="cases" value=(self.cases) placeholder="shop/*"; }
                button type="submit" { "Compare" }
            }
        }
    }
}

fn side_by_side(comparison: &Comparison) -> Markup {
    let Comparison { environments: [one, other], window, runs, cases, only_in, without_buckets } = comparison;
    let differing = comparison.differing().count();
    html! {
        p {
            strong { (differing) " of " (cases.len()) " cases differ" } " by more than noise between " (text(one)) " (" (runs[0]) " runs) and "
            (text(other)) " (" (runs[1]) " runs), " (windows::words(*window)) "."
        }
        @for name in without_buckets {
            p.note.odd { "! Latencies are not tested: " (text(name)) " does not say how they are distributed." }
        }
        @if !cases.is_empty() {
            table.stack {
                caption { (text(one)) " → " (text(other)) ", those that differ first; latency is from the event to its delivery" }
                thead { tr {
                    th scope="col" { "Case" }
                    @for (_, name, _) in ASPECTS { th scope="col" { (name) } }
                } }
                tbody { @for case in cases { (row(case)) } }
            }
        }
        @for (name, ids) in comparison.environments.iter().zip(only_in) {
            @if !ids.is_empty() {
                p { "Only in " (text(name)) ": " @for (index, id) in ids.iter().enumerate() { @if index > 0 { ", " } code { (text(id)) } } }
            }
        }
        p.faint {
            "Tests: " @for (index, (_, name, test)) in ASPECTS.into_iter().enumerate() { @if index > 0 { "; " } (name) ": " (test) }
            ". Of all marks, " (percent(LEVEL)) " are noise, on average (Benjamini–Hochberg)."
        }
    }
}

fn row(case: &CaseComparison) -> Markup {
    let finding = |aspect| case.findings.iter().find(|finding| finding.aspect == aspect);
    html! {
        tr {
            th scope="row" { (text(&case.id)) @if case.differs { " " span.badge.down { "≠ differs" } } }
            @for (aspect, name, _) in ASPECTS {
                td data-name=(name) { (cell(case, aspect, finding(aspect))) }
            }
        }
    }
}

/// Returns both sides of an aspect, marked if they differ in it.
fn cell(case: &CaseComparison, aspect: Aspect, finding: Option<&Finding>) -> Markup {
    let [one, other] = case.sides.each_ref().map(|side| {
        let latency = side.stats.latency.as_ref();
        let shown = match aspect {
            Aspect::PassRatio => side.pass_ratio.map(percent),
            Aspect::P50 => latency.map(|latency| short(latency.p50)),
            Aspect::P95 => latency.map(|latency| short(latency.p95)),
        };
        shown.unwrap_or_else(|| "–".to_owned())
    });
    let differs = finding.is_some_and(|finding| finding.differs);
    html! {
        @if differs { strong { "≠ " (one) " → " (other) } } @else { (one) " → " (other) }
        @match finding {
            Some(finding) => span.faint { " " (probability(finding.corrected)) },
            None => span.faint { " (too little to test)" },
        }
    }
}

/// Returns the probability of such a difference by chance alone.
fn probability(corrected: f64) -> String {
    if corrected < 0.001 { "(p < 0.001)".to_owned() } else { format!("(p = {corrected:.3})") }
}
