//! `/components`: the components in the directory, with their versions, what they may reach, and what does not load.

use std::collections::BTreeSet;

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use maud::{Markup, html};
use orbital_run::component::Component;
use orbital_run::registry::{LoadFailure, Policy};

use crate::Admin;
use crate::pages::failure::Failure;
use crate::pages::layout::{Page, Watches};
use crate::pages::parts::{digest, lines, segment, text, time};

const PLACE: &str = "/components";

pub(super) fn routes() -> Router<Admin> {
    Router::new().route(PLACE, get(list)).route("/components/{name}", get(show))
}

async fn list(State(admin): State<Admin>) -> Markup {
    let snapshot = admin.deployed.borrow().clone();
    let names: BTreeSet<&String> = snapshot.components.keys().chain(snapshot.failures.keys()).collect();
    let content = html! {
        h1 { "Components" }
        div #components data-part="components" {
            @if !snapshot.ready { p.note { "… They are being loaded." } }
            @if names.is_empty() { p.none { "There is none: copy one into the directory that the configuration names." } } @else {
                table.stack {
                    caption { "What is in the directory of components" }
                    thead { tr { th scope="col" { "Name" } th scope="col" { "State" } th scope="col" { "Version" } th scope="col" { "Language" } th scope="col" .number { "Cases" } th scope="col" { "Signed by" } th scope="col" { "Loaded" } } }
                    tbody {
                        @for name in names {
                            @let running = snapshot.components.get(name);
                            tr {
                                th scope="row" { a href={ "/components/" (segment(name)) } { (text(name)) } }
                                td data-name="State" { (state(running.is_some(), snapshot.failures.contains_key(name))) }
                                @if let Some(component) = running {
                                    td data-name="Version" { (text(&component.metadata.version)) " " (digest(&component.digest)) }
                                    td data-name="Language" { (said(&component.metadata.language)) }
                                    td.number data-name="Cases" { (component.cases.len()) }
                                    td data-name="Signed by" { (said(&component.signed_by)) }
                                    td data-name="Loaded" { (time(component.loaded_at)) }
                                } @else { td colspan="5" { "none that ever loaded" } }
                            }
                        }
                    }
                }
            }
        }
    };
    Page::live("Components", PLACE, Watches::Nothing, &admin).show(&content)
}

async fn show(State(admin): State<Admin>, Path(name): Path<String>) -> Result<Markup, Failure> {
    let snapshot = admin.deployed.borrow().clone();
    let policy = admin.policy.borrow().clone();
    let (running, failure) = (snapshot.components.get(&name), snapshot.failures.get(&name));
    if running.is_none() && failure.is_none() {
        return Err(Failure::not_found(format!("there is no component `{name}`")));
    }
    let content = html! {
        h1 { "Component " (text(&name)) }
        div #component data-part="component" {
            p { (state(running.is_some(), failure.is_some())) }
            @if let Some(failure) = failure { (refused(failure, running.is_some())) }
            @if let Some(component) = running { (version(component, &policy)) }
        }
    };
    Ok(Page::live(&format!("Component {name}"), PLACE, Watches::Nothing, &admin).show(&content))
}

fn state(runs: bool, fails: bool) -> Markup {
    match (runs, fails) {
        (true, false) => html! { span.badge.up { "✓ loaded" } },
        (true, true) => html! { span.badge.down { "✗ its newest version does not load" } },
        (false, _) => html! { span.badge.down { "✗ does not load" } },
    }
}

/// Returns a text about a component, or a note if the text is empty.
fn said(said: &str) -> Markup {
    html! { @if said.is_empty() { span.none { "not said" } } @else { (text(said)) } }
}

fn refused(LoadFailure { path, error, at }: &LoadFailure, runs: bool) -> Markup {
    html! {
        div.note.bad {
            p { "The file " code { (text(&path.display().to_string())) } " does not load, since " (time(*at))
                @if runs { "; the version below keeps running" } "." }
            pre tabindex="0" { (lines(error)) }
            p { "It is loaded again when the file or the configuration changes. "
                code { "orbital check FILE --config orbital.toml" } " says the same beforehand." }
        }
    }
}

fn version(component: &Component, policy: &Policy) -> Markup {
    let metadata = &component.metadata;
    let grants = policy.runner.live.rules.grants(&component.name);
    let asks = component.asks();
    let config = policy.config_names(component);
    let hosts = grants.hosts.iter().map(|grant| {
        format!("{}{}", grant.pattern.text(), if grant.private { " (also on the own network)" } else { "" })
    });
    html! {
        dl.facts {
            dt { "Version" } dd { (said(&metadata.version)) }
            dt { "SHA-256" } dd { code { (component.digest) } }
            dt { "Signed by" } dd { (said(&component.signed_by)) }
            dt { "Language" } dd { (said(&metadata.language)) @if !metadata.sdk.is_empty() { ", SDK " (text(&metadata.sdk)) } }
            dt { "Size" } dd { (bytesize::ByteSize(component.size as u64)) }
            dt { "Loaded" } dd { (time(component.loaded_at)) }
        }
        h2 { "Cases" }
        ul { @for case in &component.cases { li { a href={ "/cases/" (case.id) } { (text(case.id.case())) } " " span.faint { (text(&case.schedule.to_string())) } } } }
        h2 { "What it may reach" }
        @if let Some(shortage) = policy.shortage(component) {
            div.note.bad { p { strong { "✗ It is not granted all that it asks for:" } } pre tabindex="0" { (lines(&shortage.to_string())) } }
        }
        table.stack {
            caption { "What it asks for, " @if asks.by_manifest { "by its manifest" } @else { "as its imports could, for it has no manifest" } ", and what it is granted" }
            thead { tr { th scope="col" { "" span.unseen { "What" } } th scope="col" { "Asks" } th scope="col" { "Granted" } } }
            tbody {
                tr {
                    th scope="row" { "Targets" }
                    td data-name="Asks" { (items(asks.what.targets.iter().map(ToString::to_string))) }
                    td data-name="Granted" { (items(grants.targets.iter().map(ToString::to_string))) }
                }
                tr {
                    th scope="row" { "Hosts" }
                    td data-name="Asks" { (items(asks.what.hosts.iter().map(|host| host.text().to_owned()))) }
                    td data-name="Granted" { (items(hosts)) }
                }
                tr {
                    th scope="row" { "Configuration" }
                    td data-name="Asks" { (items(asks.what.config.iter().map(|ask| format!("{}{}", ask.name, if ask.optional { " (optional)" } else { "" })))) }
                    td data-name="Granted" { (items(config.into_iter())) }
                }
                tr {
                    th scope="row" { "Metrics of its own" }
                    td data-name="Asks" { @if asks.what.metrics { "yes" } @else { "no" } }
                    td data-name="Granted" { @if grants.metrics { "yes" } @else { "no" } }
                }
            }
        }
        h2 { "Imports" }
        @if metadata.imports.is_empty() { p.none { "none" } } @else {
            ul { @for import in &metadata.imports { li { code { (text(import)) } } } }
        }
    }
}

/// Returns the items, one per line.
fn items(items: impl Iterator<Item = String>) -> Markup {
    let items: Vec<String> = items.collect();
    html! { @if items.is_empty() { span.none { "nothing" } } @else { (lines(&items.join("\n"))) } }
}
