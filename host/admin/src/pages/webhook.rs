//! `/webhook`: requests that the webhook received recently, whether a run got them, and if not, why not.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use maud::{Markup, html};
use orbital_webhook::waiter::{Disposition, NearMiss, Received};
use serde::Deserialize;
use uuid::Uuid;

use crate::Admin;
use crate::api::deliveries::explain;
use crate::pages::failure::Failure;
use crate::pages::layout::{Page, Watches};
use crate::pages::parts::{lines, text, time};
use crate::problem::Problem;

const PLACE: &str = "/webhook";

/// The number of requests on a page.
const MOST: usize = 50;

pub(super) fn routes() -> Router<Admin> {
    Router::new().route(PLACE, get(show))
}

/// The query. An empty field of the form counts as missing.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Filter {
    key: String,
    result: String,
    run: String,
    /// Only requests that came before the one with this number.
    before: Option<u64>,
}

async fn show(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Markup, Failure> {
    let Query(filter) = filter?;
    let run = match filter.run.trim() {
        "" => None,
        run => Some(
            Uuid::parse_str(run)
                .map_err(|_| Problem::bad_request(format!("`{run}` is not the id of a run")))?,
        ),
    };
    let wanted = |received: &Received| {
        (filter.key.is_empty() || received.key.as_deref() == Some(filter.key.trim()))
            && (filter.result.is_empty() || received.disposition.name() == filter.result)
            && run.is_none_or(|run| received.is_of(run))
            && filter.before.is_none_or(|before| received.number < before)
    };
    let mut received = admin.waiter.received(MOST + 1, wanted);
    let more = received.len() > MOST;
    received.truncate(MOST);
    let near = admin.waiter.near_misses(&received);
    let content = html! {
        h1 { "Webhook" }
        (tally(&admin))
        (filter.form())
        div #deliveries data-part="deliveries" {
            (verdict(&received))
            @if received.is_empty() {
                p.none { "Nothing like that came to the webhook, as far as it is kept." }
            } @else {
                table.stack {
                    caption { "The newest first" }
                    thead { tr { th scope="col" { "Came" } th scope="col" { "Request" } th scope="col" { "Key" } th scope="col" { "Result" } th scope="col" { "Why" } } }
                    tbody { @for one in &received { (row(one, near.get(&one.number))) } }
                }
            }
            @if let Some(last) = received.last().filter(|_| more) { p { a href=(filter.earlier(last.number)) { "Earlier ones" } } }
        }
    };
    // Older requests do not change.
    let watches = if filter.before.is_some() { Watches::Nothing } else { Watches::Deliveries };
    Ok(Page::live("Webhook", PLACE, watches, &admin).show(&content))
}

impl Filter {
    fn form(&self) -> Markup {
        html! {
            form.row method="get" action=(PLACE) role="search" aria-label="Deliveries" {
                label { "Key" input type="search" name="key" value=(self.key); }
                label {
                    "Result"
                    select name="result" {
                        option value="" { "all" }
                        @for result in Disposition::ALL {
                            option value=(result.name()) selected[result.name() == self.result] { (words(result)) }
                        }
                    }
                }
                label { "Run" input type="search" name="run" value=(self.run); }
                button type="submit" { "Show" }
                @if !(self.key.is_empty() && self.result.is_empty() && self.run.is_empty() && self.before.is_none()) { a href=(PLACE) { "Show all" } }
            }
        }
    }

    /// Returns the path of the page with the requests that came before this one.
    fn earlier(&self, number: u64) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [("key", &self.key), ("result", &self.result), ("run", &self.run)] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("{PLACE}?{}", query.append_pair("before", &number.to_string()).finish())
    }
}

fn tally(admin: &Admin) -> Markup {
    let count = admin.waiter.count();
    html! {
        ul.tiles #tally data-part="tally" aria-label="Requests since the host started, by result" {
            @for result in Disposition::ALL {
                @if result == Disposition::Matched || count.of(result) > 0 {
                    li { strong { (count.of(result)) } " " (badge(result)) }
                }
            }
        }
    }
}

/// Returns a note if all requests have the same result, and this explains why tests wait without success.
fn verdict(received: &[Received]) -> Markup {
    let all = |result| !received.is_empty() && received.iter().all(|one| one.disposition == result);
    html! {
        @if all(Disposition::NoKey) {
            p.note.odd { "! Deliveries came, but none had a key where the configuration looks: compare a body below with " code { "webhook.keys" } "." }
        } @else if all(Disposition::Unmatched) {
            p.note.odd { "! Deliveries came with keys, but with none that a run expected: does the system send back the key of the event?" }
        } @else if all(Disposition::Rejected) {
            p.note.odd { "! Every request was refused: who delivers may lack what the configuration asks for." }
        } @else if all(Disposition::Late) {
            p.note.odd { "! Every delivery came after its run was over: the system is slower than the tests wait." }
        }
    }
}

fn words(result: Disposition) -> String {
    result.name().replace('_', " ")
}

fn badge(result: Disposition) -> Markup {
    let sign = match result {
        Disposition::Matched | Disposition::Early => "✓",
        Disposition::Held => "◷",
        Disposition::Unmatched | Disposition::Late | Disposition::NoKey => "?",
        Disposition::Overflow | Disposition::Rejected => "✗",
    };
    html! { span class={ "badge " (result.name()) } { span aria-hidden="true" { (sign) } " " (words(result)) } }
}

fn row(one: &Received, near: Option<&NearMiss>) -> Markup {
    let request = &one.text;
    let (path, query) = (request.path(), request.query());
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    html! {
        tr {
            td data-name="Came" { (time(one.at)) }
            td data-name="Request" {
                code { (text(request.method())) " " (text(&target)) }
                details id={ "delivery-" (one.number) } {
                    summary { "Headers and body, " (one.size) " bytes" }
                    dl.facts { @for (name, value) in request.headers() { dt { (text(name)) } dd { (text(value)) } } }
                    @if !request.body().is_empty() { pre tabindex="0" { (lines(request.body())) } }
                }
            }
            td data-name="Key" {
                @match &one.key { Some(key) => code { (text(key)) }, None => span.none { "none" } }
                @for skipped in &one.skipped { p.none { "Skipped " (text(&skipped.location)) ": " (text(&skipped.reason)) } }
            }
            td data-name="Result" { (badge(one.disposition)) }
            td data-name="Why" {
                (text(&explain(one, near)))
                @if let Some(run) = one.run().or(near.map(|near| near.run)) { " (" a href={ "/runs/" (run.simple()) } { "the run" } ")" }
            }
        }
    }
}
