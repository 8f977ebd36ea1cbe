//! `/runs`: runs that have ended, with the reasons of those that did not pass.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use maud::{Markup, html};
use orbital_history::{RunQuery, RunRow};
use orbital_model::describe::short;
use orbital_model::{Outcome, Pattern};
use serde::Deserialize;
use uuid::Uuid;

use crate::pages::failure::Failure;
use crate::pages::layout::{Page, Watches};
use crate::pages::parts;
use crate::pages::parts::{text, time};
use crate::problem::Problem;
use crate::{Admin, run_lookup};

const PLACE: &str = "/runs";

/// The number of runs on a page.
const MOST: usize = 50;

pub(super) fn routes() -> Router<Admin> {
    Router::new().route(PLACE, get(show))
}

/// The query. An empty field of the form counts as missing.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Filter {
    /// A pattern of case ids.
    cases: String,
    /// The name of an outcome, or one of [`ENDS`].
    how: String,
    /// Only runs that began before this one.
    before: Option<Uuid>,
}

/// Choices in addition to the outcomes.
const ENDS: [(&str, &str); 2] = [("wrong", "did not pass"), ("flaky", "flaky")];

async fn show(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Markup, Failure> {
    let Query(filter) = filter?;
    let runs = run_lookup::runs(&admin, filter.query()?).await;
    let more = runs.len() > MOST;
    let runs = &runs[..runs.len().min(MOST)];
    let content = html! {
        h1 { "Runs" }
        (filter.form())
        div #runs data-part="runs" {
            @if runs.is_empty() { p.none { "No run like that is kept." } } @else { (run_table(runs, true)) }
            @if let Some(last) = runs.last().filter(|_| more) { p { a href=(filter.earlier(last.run)) { "Earlier ones" } } }
        }
    };
    // Older runs do not change.
    let watches = if filter.before.is_some() { Watches::Nothing } else { Watches::Runs };
    Ok(Page::live("Runs", PLACE, watches, &admin).show(&content))
}

impl Filter {
    fn query(&self) -> Result<RunQuery, Problem> {
        let cases = Some(self.cases.trim()).filter(|cases| !cases.is_empty());
        let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.name() == self.how);
        let is_known = outcome.is_some() || ENDS.iter().any(|(name, _)| *name == self.how);
        if !is_known && !self.how.is_empty() {
            return Err(Problem::bad_request(format!("`how={}` is no way for a run to end", self.how)));
        }
        Ok(RunQuery {
            cases: cases.map(Pattern::parse).transpose().map_err(Problem::bad_request)?,
            outcome,
            wrong: self.how == "wrong",
            flaky: (self.how == "flaky").then_some(true),
            before: self.before,
            limit: MOST + 1,
            ..RunQuery::default()
        })
    }

    fn form(&self) -> Markup {
        let outcomes = Outcome::ALL.map(|outcome| (outcome.name(), outcome.name()));
        let ends = ENDS.into_iter().chain(outcomes);
        html! {
            form.row method="get" action=(PLACE) role="search" aria-label="Runs" {
                label { "Cases" input type="search" name="cases" value=(self.cases) placeholder="shop/*"; }
                label {
                    "Which"
                    select name="how" {
                        option value="" { "all" }
                        @for (name, words) in ends { option value=(name) selected[name == self.how] { (words) } }
                    }
                }
                button type="submit" { "Show" }
                @if !(self.cases.is_empty() && self.how.is_empty() && self.before.is_none()) { a href=(PLACE) { "Show all" } }
            }
        }
    }

    /// Returns the path of the page with the runs that began before this one.
    fn earlier(&self, run: Uuid) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("cases", &self.cases), ("how", &self.how)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("{PLACE}?{}", query.append_pair("before", &run.simple().to_string()).finish())
    }
}

/// Returns a table of runs. With `of_several`, it names the case of each.
pub(super) fn run_table(runs: &[RunRow], of_several: bool) -> Markup {
    html! {
        table.stack {
            caption { "The newest first" }
            thead { tr {
                th scope="col" { "Began" }
                @if of_several { th scope="col" { "Case" } }
                th scope="col" { "Outcome" } th scope="col" .number { "Took" } th scope="col" .number { "Attempts" } th scope="col" { "Reason" }
            } }
            tbody {
                @for run in runs {
                    tr {
                        td data-name="Began" { a href={ "/runs/" (run.run.simple()) } { (time(run.started)) } }
                        @if of_several { td data-name="Case" { a href={ "/cases/" (run.case) } { (parts::case_name(&run.case)) } } }
                        td data-name="Outcome" { (parts::outcome(run.outcome, run.flaky)) }
                        td.number data-name="Took" { (short(run.duration)) }
                        td.number data-name="Attempts" { (run.attempts) }
                        td { @if let Some(message) = &run.message { (text(message)) } }
                    }
                }
            }
        }
    }
}
