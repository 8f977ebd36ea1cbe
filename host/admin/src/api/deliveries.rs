//! `/deliveries`: requests that the webhook received recently, with their results.

use std::fmt::Write as _;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use orbital_model::describe::short;
use orbital_model::timestamp::rfc3339;
use orbital_webhook::waiter::{Disposition, NearMiss, Received, SkippedLocation};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::Admin;
use crate::api::Page;
use crate::problem::{Problem, ProblemBody};

pub(super) fn routes() -> OpenApiRouter<Admin> {
    OpenApiRouter::default().routes(routes!(list))
}

#[derive(Serialize, ToSchema)]
struct Deliveries {
    /// The requests, newest first.
    deliveries: Vec<Delivery>,
    /// The value of `before` for the next page; `null` if this is the last page.
    #[schema(required)]
    next: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct Delivery {
    /// The number of the request, counted from 1 since the host started.
    number: u64,
    #[schema(format = DateTime)]
    received_at: String,
    method: String,
    path: String,
    query: String,
    /// Names and values of the headers. Values that may be secrets are masked, and long values are cut.
    headers: Vec<(String, String)>,
    /// The beginning of the body.
    body: String,
    size_bytes: usize,
    #[schema(required)]
    key: Option<String>,
    /// Locations of `webhook.keys` before that of the key, whose content cannot be a key.
    skipped: Vec<SkippedLocation>,
    result: Disposition,
    /// An explanation of the result.
    explanation: String,
    /// The run that got the delivery, or for which it came too late.
    #[schema(required)]
    run: Option<Uuid>,
    /// The run for which the delivery came too late, even if another run got it.
    #[schema(required)]
    late_for: Option<Uuid>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Only requests with this key.
    key: Option<String>,
    /// Only requests with this result.
    result: Option<Disposition>,
    /// Only requests that this run got, or that came too late for it.
    run: Option<Uuid>,
    /// The `next` of the previous page.
    #[param(format = "uint64")]
    before: Option<u64>,
    /// The maximum number of requests; 50 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Lists requests that the webhook received recently, with their results.
#[utoipa::path(
    get,
    path = "/deliveries",
    operation_id = "list_deliveries",
    params(Filter),
    responses(
        (status = 200, description = "The newest first.", body = Deliveries),
        (status = 400, response = ProblemBody)
    )
)]
async fn list(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Deliveries>, Problem> {
    let Query(Filter { key, result, run, before, limit }) = filter?;
    let wanted = |received: &Received| {
        key.as_ref().is_none_or(|key| received.key.as_ref() == Some(key))
            && result.is_none_or(|result| received.disposition == result)
            && run.is_none_or(|run| received.is_of(run))
            && before.is_none_or(|before| received.number < before)
    };
    let page = Page::read(limit, |most| admin.waiter.received(most, wanted))?;
    let next = page.next(|last| last.number);
    let near = admin.waiter.near_misses(&page.items);
    let delivery = |received: Received| {
        let near = near.get(&received.number);
        Delivery::new(received, near)
    };
    Ok(Json(Deliveries { deliveries: page.items.into_iter().map(delivery).collect(), next }))
}

impl Delivery {
    fn new(received: Received, near: Option<&NearMiss>) -> Self {
        let text = &received.text;
        let header = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Self {
            number: received.number,
            received_at: rfc3339(received.at),
            explanation: explain(&received, near),
            run: received.run(),
            late_for: received.late.map(|late| late.run),
            method: text.method().to_owned(),
            path: text.path().to_owned(),
            query: text.query().to_owned(),
            headers: text.headers().map(header).collect(),
            body: text.body().to_owned(),
            size_bytes: received.size,
            key: received.key,
            skipped: received.skipped,
            result: received.disposition,
        }
    }
}

/// Explains the result of a request. If no run expected its key, the explanation names a key that is almost the same,
/// if there is one.
pub(crate) fn explain(received: &Received, near: Option<&NearMiss>) -> String {
    let late = received
        .late
        .as_ref()
        .map(|late| format!("it came {} after the run that expected its key had ended", short(late.by)));
    let mut text = match (received.disposition, late) {
        (Disposition::Matched, _) => "a run expected its key".to_owned(),
        (Disposition::Held, _) => {
            "no run expects its key yet; it is kept for a while (`waiter.early_for`)".to_owned()
        }
        (Disposition::Early, Some(late)) => format!("{late}, and was kept until another one expected it"),
        (Disposition::Early, None) => {
            "it came before a run expected its key, and was kept until then".to_owned()
        }
        (Disposition::Unmatched, _) => "no run expected its key in time (`waiter.early_for`)".to_owned(),
        (Disposition::Late, late) => {
            late.unwrap_or_else(|| "the run that expected its key had ended".to_owned())
        }
        (Disposition::Overflow, _) => {
            "there was no room for it (`waiter.queue_per_key`, `waiter.queue_bytes`, `waiter.early_count`, \
             `waiter.early_bytes`)"
                .to_owned()
        }
        (Disposition::NoKey, _) => {
            "it has no usable key where the configuration looks (`webhook.keys`)".to_owned()
        }
        (Disposition::Rejected, _) => {
            format!("it was refused: {}", received.refused.as_deref().unwrap_or("unknown"))
        }
    };
    if let Some(NearMiss { key, run, differs }) = near {
        // Writing to a string cannot fail.
        let _ = write!(text, "; the run {run} expects or expected `{key}`, which differs {differs}");
    }
    text
}
