//! `/components`: the components in the directory, including those that do not load.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use orbital_model::timestamp::rfc3339;
use orbital_policy::grants::{Asks, Grants, Shortage};
use orbital_run::registry::{LoadFailure, Policy, Snapshot};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Admin;
use crate::api::{Nothing, Page, contains};
use crate::problem::{Problem, ProblemBody};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::default().routes(routes!(list)).routes(routes!(show))
}

#[derive(Serialize, ToSchema)]
struct Components {
    /// Whether every component that was present at the start has been loaded or rejected.
    ready: bool,
    /// The components, sorted by name.
    components: Vec<Component>,
    /// The value of `before` for the next page; `null` if this is the last page.
    #[schema(required)]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Component {
    name: String,
    /// The version that runs; `null` if none has ever loaded.
    #[schema(required)]
    running: Option<Version>,
    /// Why the newest content of the component's file does not run; `null` if it loads.
    #[schema(required)]
    load_error: Option<LoadError>,
}

#[derive(Serialize, ToSchema)]
struct Version {
    /// The SHA-256 digest of the file.
    digest: String,
    /// The names of the trusted keys that signed the component; empty without `[trust]`.
    signed_by: String,
    size_bytes: usize,
    #[schema(format = DateTime)]
    loaded_at: String,
    /// The version in the component's metadata; empty if it has none.
    version: String,
    language: String,
    /// Ids of the component's cases, in the order in which it declares them.
    cases: Vec<String>,
    imports: Vec<String>,
    /// The grants that the component asks for: according to its manifest, or without one according to its imports.
    asks: Asks,
    granted: Granted,
    /// Grants that the manifest asks for and that the component no longer has; `null` if none is missing.
    #[schema(required)]
    missing: Option<Shortage>,
}

#[derive(Serialize, ToSchema)]
struct Granted {
    #[serde(flatten)]
    grants: Grants,
    /// Names of the configuration values that are set for the component's cases.
    config: BTreeSet<String>,
}

#[derive(Serialize, ToSchema)]
struct LoadError {
    error: String,
    path: String,
    #[schema(format = DateTime)]
    at: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only components with this text in their name.
    q: Option<String>,
    /// Only components whose newest content does not load (`true`), or only the others (`false`).
    failing: Option<bool>,
    /// The `next` of the previous page.
    before: Option<String>,
    /// The maximum number of components; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Lists components, including those that do not load.
#[utoipa::path(
    get,
    path = "/components",
    operation_id = "list_components",
    params(Filter),
    responses((status = 200, description = "By name.", body = Components), (status = 400, response = ProblemBody))
)]
async fn list(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Components>, Problem> {
    let Query(Filter { q, failing, before, limit }) = filter?;
    let snapshot = admin.deployed.borrow().clone();
    let policy = admin.policy.borrow().clone();
    let names: BTreeSet<&String> = snapshot.components.keys().chain(snapshot.failures.keys()).collect();
    let wanted = |name: &&String| {
        before.as_ref().is_none_or(|before| before < *name)
            && q.as_ref().is_none_or(|q| contains(name, q))
            && failing.is_none_or(|failing| failing == snapshot.failures.contains_key(*name))
    };
    let describe = |name: &String| component(&snapshot, &policy, name);
    let page =
        Page::read(limit, |most| names.into_iter().filter(wanted).filter_map(describe).take(most).collect())?;
    let next = page.next(|last: &Component| last.name.clone());
    Ok(Json(Components { ready: snapshot.ready, components: page.items, next }))
}

/// Shows a component.
#[utoipa::path(
    get,
    path = "/components/{name}",
    operation_id = "show_component",
    params(("name" = String, Path, description = "The component's name.")),
    responses(
        (status = 200, description = "The component.", body = Component),
        (status = 400, response = ProblemBody),
        (status = 404, response = ProblemBody)
    )
)]
async fn show(
    State(admin): State<Admin>,
    name: Result<Path<String>, PathRejection>,
    parameters: Result<Query<Nothing>, QueryRejection>,
) -> Result<Json<Component>, Problem> {
    let Path(name) = name?;
    parameters?;
    let snapshot = admin.deployed.borrow().clone();
    let policy = admin.policy.borrow().clone();
    let found = component(&snapshot, &policy, &name);
    found.map(Json).ok_or_else(|| Problem::not_found(format!("there is no component `{name}`")))
}

fn component(snapshot: &Snapshot, policy: &Policy, name: &str) -> Option<Component> {
    let running = snapshot.components.get(name).map(|component| {
        let metadata = &component.metadata;
        Version {
            digest: component.digest.clone(),
            signed_by: component.signed_by.clone(),
            size_bytes: component.size,
            loaded_at: rfc3339(component.loaded_at),
            version: metadata.version.clone(),
            language: metadata.language.clone(),
            cases: component.cases.iter().map(|case| case.id.to_string()).collect(),
            imports: metadata.imports.clone(),
            asks: component.asks(),
            granted: Granted {
                grants: policy.runner.live.rules.grants(name),
                config: policy.config_names(component),
            },
            missing: policy.shortage(component),
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
