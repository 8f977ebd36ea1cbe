//! Routes of the public listener: all of them, to one handler.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{StatusCode, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::Instant;

use super::WebhookSettings;
use super::extract::extract;
use crate::waiter::{Delivery, PlannedReply, Waiter, check_key};

struct Webhook {
    settings: WebhookSettings,
    waiter: Arc<Waiter>,
}

/// `* /*`: takes a delivery.
pub fn router(settings: WebhookSettings, waiter: Arc<Waiter>) -> Router {
    Router::new().fallback(receive).with_state(Arc::new(Webhook { settings, waiter }))
}

async fn receive(State(webhook): State<Arc<Webhook>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    if let Some(token) =
        webhook.settings.challenges.iter().find_map(|one| one.answer(&parts.method, path, query))
    {
        return echo(token);
    }
    let body = match webhook.read(body).await {
        Ok(body) => body,
        Err(refused) => {
            webhook.waiter.rejected();
            return refused.into_response();
        }
    };
    let delivery = Delivery {
        path: path.to_owned(),
        query: query.to_owned(),
        method: parts.method,
        headers: parts.headers,
        body,
        answered: None,
        received: Instant::now(),
        received_at: SystemTime::now(),
    };
    let keys = &webhook.settings.keys;
    let key = extract(keys, &delivery.headers, &delivery.path, &delivery.query, &delivery.body);
    let planned = match key.filter(|key| check_key(key).is_ok()).map(Cow::into_owned) {
        Some(key) => webhook.waiter.deliver(&key, delivery).1,
        None => {
            webhook.waiter.without_key();
            None
        }
    };
    match planned {
        None => StatusCode::OK.into_response(),
        Some(PlannedReply { status, delay, headers, body }) => {
            tokio::time::sleep(delay).await;
            (status, headers, body).into_response()
        }
    }
}

/// A token, as text that no browser takes for a page.
fn echo(token: String) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, token).into_response()
}

impl Webhook {
    async fn read(&self, body: Body) -> Result<Bytes, (StatusCode, String)> {
        let limit = self.settings.max_body;
        // What is announced as too large is refused before it is sent.
        if axum::body::HttpBody::size_hint(&body).lower() > limit as u64 {
            return Err(too_large(limit));
        }
        let collected = Limited::new(body, limit).collect();
        match tokio::time::timeout(self.settings.body_timeout, collected).await {
            Ok(Ok(collected)) => Ok(collected.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
            Ok(Err(error)) => Err((StatusCode::BAD_REQUEST, format!("the body broke off: {error}\n"))),
            Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the body did not come in time\n".to_owned())),
        }
    }
}

fn too_large(limit: usize) -> (StatusCode, String) {
    (StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {limit} bytes (`webhook.max_body`)\n"))
}
