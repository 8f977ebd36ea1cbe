//! Routes of the public listener: all of them, to one handler.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};
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
use crate::waiter::{Delivery, PlannedReply, Received, Waiter, check_key};

/// Takes deliveries.
pub struct Webhook {
    settings: RwLock<Arc<WebhookSettings>>,
    waiter: Arc<Waiter>,
}

impl Webhook {
    /// That hands deliveries to this waiter.
    pub fn new(settings: WebhookSettings, waiter: Arc<Waiter>) -> Arc<Self> {
        Arc::new(Self { settings: RwLock::new(Arc::new(settings)), waiter })
    }

    /// What requests are treated by from now on.
    pub fn configure(&self, settings: WebhookSettings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// `* /*`: takes a delivery.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().fallback(receive).with_state(self.clone())
    }

    fn settings(&self) -> Arc<WebhookSettings> {
        self.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn receive(State(webhook): State<Arc<Webhook>>, request: Request) -> Response {
    let settings = webhook.settings();
    let (parts, body) = request.into_parts();
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    if let Some(token) = settings.challenges.iter().find_map(|one| one.answer(&parts.method, path, query)) {
        return echo(token);
    }
    let body = match read(&settings, body).await {
        Ok(body) => body,
        Err(refused) => {
            let reason = &refused.1;
            let request = Received::refused(parts.method.as_str(), path, query, &parts.headers, reason);
            webhook.waiter.rejected(request);
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
    let keys = &settings.keys;
    let key = extract(keys, &delivery.headers, &delivery.path, &delivery.query, &delivery.body);
    let planned = match key.filter(|key| check_key(key).is_ok()).map(Cow::into_owned) {
        Some(key) => webhook.waiter.deliver(&key, delivery).1,
        None => {
            webhook.waiter.without_key(delivery);
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

async fn read(settings: &WebhookSettings, body: Body) -> Result<Bytes, (StatusCode, String)> {
    let limit = settings.max_body;
    // What is announced as too large is refused before it is sent.
    if axum::body::HttpBody::size_hint(&body).lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let collected = Limited::new(body, limit).collect();
    match tokio::time::timeout(settings.body_timeout, collected).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(error)) => Err((StatusCode::BAD_REQUEST, format!("the body broke off: {error}\n"))),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the body did not come in time\n".to_owned())),
    }
}

fn too_large(limit: usize) -> (StatusCode, String) {
    (StatusCode::PAYLOAD_TOO_LARGE, format!("the body is larger than {limit} bytes (`webhook.max_body`)\n"))
}
