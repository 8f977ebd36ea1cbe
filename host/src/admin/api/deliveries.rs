//! `/deliveries`: what the webhook received lately, and what became of it.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::routing::get;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::admin::Admin;
use crate::admin::problem::Problem;
use crate::report::text::short;
use crate::report::timestamp::rfc3339;
use crate::waiter::{Disposition, Received};

pub(super) fn routes() -> Router<Admin> {
    Router::new().route("/deliveries", get(list))
}

#[derive(Serialize)]
struct Deliveries {
    /// The newest first.
    deliveries: Vec<Delivery>,
    /// What to ask for next, as `before`; none if there is no more.
    next: Option<u64>,
}

#[derive(Serialize)]
struct Delivery {
    /// Counted from 1 since the host started.
    number: u64,
    received_at: String,
    method: String,
    path: String,
    query: String,
    /// Names and values; what may be a secret is masked, and what is long is cut.
    headers: Vec<(String, String)>,
    /// Its beginning.
    body: String,
    size_bytes: usize,
    key: Option<String>,
    result: &'static str,
    /// What that means here.
    explanation: String,
    /// The run that has it, or that it came too late for.
    run: Option<Uuid>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    key: Option<String>,
    result: Option<String>,
    run: Option<Uuid>,
    before: Option<u64>,
    limit: Option<usize>,
}

async fn list(
    State(admin): State<Admin>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Json<Deliveries>, Problem> {
    let Query(Filter { key, result, run, before, limit }) = filter?;
    let limit = super::limit(limit)?;
    let known = Disposition::ALL.map(Disposition::name);
    if let Some(result) = result.as_deref().filter(|result| !known.contains(result)) {
        let known = known.join("`, `");
        return Err(Problem::bad_request(format!("`result={result}` must be one of `{known}`")));
    }
    let wanted = |received: &Received| {
        key.as_ref().is_none_or(|key| received.key.as_ref() == Some(key))
            && result.as_deref().is_none_or(|result| received.disposition.name() == result)
            && run.is_none_or(|run| received.run == Some(run))
            && before.is_none_or(|before| received.number < before)
    };
    let mut received = admin.waiter.received(limit + 1, wanted);
    let more = received.len() > limit;
    received.truncate(limit);
    let next = received.last().filter(|_| more).map(|last| last.number);
    Ok(Json(Deliveries { deliveries: received.into_iter().map(Delivery::from).collect(), next }))
}

impl From<Received> for Delivery {
    fn from(received: Received) -> Self {
        Self {
            number: received.number,
            received_at: rfc3339(received.at),
            explanation: explain(&received),
            method: received.method,
            path: received.path,
            query: received.query,
            headers: received.headers,
            body: received.body,
            size_bytes: received.size,
            key: received.key,
            result: received.disposition.name(),
            run: received.run,
        }
    }
}

fn explain(received: &Received) -> String {
    match received.disposition {
        Disposition::Matched => "a run expected its key".to_owned(),
        Disposition::Held => {
            "no run expects its key yet; it is kept for a while (`waiter.early_for`)".to_owned()
        }
        Disposition::Early => "it came before a run expected its key, and was kept until then".to_owned(),
        Disposition::Unmatched => "no run expected its key in time (`waiter.early_for`)".to_owned(),
        Disposition::Late => {
            let late = received.late_by.map(|late| format!(" {}", short(late))).unwrap_or_default();
            format!("the run that expected its key had been over{late} when it came")
        }
        Disposition::Overflow => {
            "there was no room for it (`waiter.queue_per_key`, `waiter.queue_bytes`, `waiter.early_count`, \
             `waiter.early_bytes`)"
                .to_owned()
        }
        Disposition::NoKey => "it has no key where the configuration looks (`webhook.keys`)".to_owned(),
        Disposition::Rejected => {
            format!("it was refused: {}", received.refused.as_deref().unwrap_or("unknown"))
        }
    }
}
