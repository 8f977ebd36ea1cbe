//! `/components`: what is in the directory, with what does not load.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::Serialize;

use crate::admin::Admin;
use crate::admin::problem::Problem;
use crate::grants::{Asks, Grants, Shortage};
use crate::registry::{LoadFailure, Snapshot, Terms};
use crate::report::timestamp::rfc3339;

pub(super) fn routes() -> Router<Admin> {
    Router::new().route("/components", get(list)).route("/components/{name}", get(show))
}

#[derive(Serialize)]
struct Components {
    /// Whether everything that was there at the start has been loaded or refused.
    ready: bool,
    components: Vec<Component>,
}

#[derive(Serialize)]
struct Component {
    name: String,
    /// The version that runs; none if none has ever loaded.
    running: Option<Version>,
    /// Why the newest content of its file does not run.
    load_error: Option<LoadError>,
}

#[derive(Serialize)]
struct Version {
    /// SHA-256 of the file.
    digest: String,
    /// Who vouches for it; empty without `[trust]`.
    signed_by: String,
    size_bytes: usize,
    loaded_at: String,
    /// As its metadata says; empty if that does not.
    version: String,
    language: String,
    /// Ids of its cases, in the order in which it declares them.
    cases: Vec<String>,
    imports: Vec<String>,
    /// What it asks for: by its manifest, or else by its imports.
    asks: Asks,
    granted: Granted,
    /// What its manifest asks for and is not granted any more; `null` if there is nothing.
    missing: Option<Shortage>,
}

#[derive(Serialize)]
struct Granted {
    #[serde(flatten)]
    grants: Grants,
    /// Names of the configuration values that are set for its cases.
    config: BTreeSet<String>,
}

#[derive(Serialize)]
struct LoadError {
    error: String,
    path: String,
    at: String,
}

async fn list(State(admin): State<Admin>) -> Json<Components> {
    let snapshot = admin.deployed.borrow().clone();
    let names: BTreeSet<&String> = snapshot.components.keys().chain(snapshot.failures.keys()).collect();
    let terms = admin.terms.borrow().clone();
    let components = names.into_iter().filter_map(|name| component(&snapshot, &terms, name)).collect();
    Json(Components { ready: snapshot.ready, components })
}

async fn show(State(admin): State<Admin>, Path(name): Path<String>) -> Result<Json<Component>, Problem> {
    let snapshot = admin.deployed.borrow().clone();
    let terms = admin.terms.borrow().clone();
    let found = component(&snapshot, &terms, &name);
    found.map(Json).ok_or_else(|| Problem::not_found(format!("there is no component `{name}`")))
}

fn component(snapshot: &Snapshot, terms: &Terms, name: &str) -> Option<Component> {
    let running = snapshot.components.get(name).map(|component| {
        let metadata = &component.metadata;
        Version {
            digest: component.digest.clone(),
            signed_by: component.signed_by.clone(),
            size_bytes: component.size,
            loaded_at: rfc3339(component.loaded_at),
            version: metadata.version.clone(),
            language: metadata.language.clone(),
            cases: component.cases.iter().map(|case| case.id.clone()).collect(),
            imports: metadata.imports.clone(),
            asks: component.asks(),
            granted: Granted {
                grants: terms.runner.rules.grants(name),
                config: terms.config_names(component),
            },
            missing: terms.shortage(component),
        }
    });
    let load_error = snapshot.failures.get(name).map(|LoadFailure { path, error, at }| LoadError {
        error: error.clone(),
        path: path.display().to_string(),
        at: rfc3339(*at),
    });
    let known = running.is_some() || load_error.is_some();
    known.then(|| Component { name: name.to_owned(), running, load_error })
}
