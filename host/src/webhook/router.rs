//! Routes of the public listener: all of them, to one handler.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tokio::time::Instant;

use super::WebhookSettings;
use super::extract::extract;
use crate::waiter::{Delivery, Waiter, check_key};

struct Webhook {
    settings: WebhookSettings,
    waiter: Arc<Waiter>,
}

/// `* /*`: takes a delivery.
pub fn router(settings: WebhookSettings, waiter: Arc<Waiter>) -> Router {
    Router::new().fallback(receive).with_state(Arc::new(Webhook { settings, waiter }))
}

async fn receive(State(webhook): State<Arc<Webhook>>, request: Request) -> (StatusCode, String) {
    let (parts, body) = request.into_parts();
    let body = match webhook.read(body).await {
        Ok(body) => body,
        Err((status, reason)) => {
            webhook.waiter.rejected();
            return (status, reason);
        }
    };
    let delivery = Delivery {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
        received: Instant::now(),
        received_at: SystemTime::now(),
    };
    let key =
        extract(&webhook.settings.keys, &delivery.headers, &delivery.path, &delivery.query, &delivery.body);
    match key.filter(|key| check_key(key).is_ok()).map(|key| key.into_owned()) {
        Some(key) => drop(webhook.waiter.deliver(&key, delivery)),
        None => webhook.waiter.without_key(),
    }
    (StatusCode::OK, String::new())
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
