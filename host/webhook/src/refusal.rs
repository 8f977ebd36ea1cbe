//! Responses to requests that the webhook rejects.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use orbital_listener::TurnedAway;

use crate::waiter::Rejection;

/// A rejected request, with the reason. The detail is shown to its sender and to the operator; it contains no secrets.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) rejection: Rejection,
    pub(super) detail: String,
    status: StatusCode,
    header: Option<(HeaderName, HeaderValue)>,
    turned_away: Option<TurnedAway>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, rejection: Rejection, detail: impl Into<String>) -> Self {
        Self { rejection, detail: detail.into(), status, header: None, turned_away: None }
    }

    /// Adds the challenge that names the required proof.
    pub(super) fn asking(self, challenge: &'static str) -> Self {
        Self { header: Some((header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))), ..self }
    }

    /// Adds the allowed methods.
    pub(super) fn allowing(self, methods: &'static str) -> Self {
        Self { header: Some((header::ALLOW, HeaderValue::from_static(methods))), ..self }
    }

    /// Adds a `Retry-After` header, because a retry may soon succeed.
    pub(super) fn soon(self) -> Self {
        Self { header: Some((header::RETRY_AFTER, HeaderValue::from_static("1"))), ..self }
    }

    /// Makes the listener count the request among those that it turned away.
    pub(super) fn counted_as(self, reason: TurnedAway) -> Self {
        Self { turned_away: Some(reason), ..self }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let plain = [(header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
        let mut response = (self.status, plain, format!("{}\n", self.detail)).into_response();
        response.headers_mut().extend(self.header);
        if let Some(reason) = self.turned_away {
            response.extensions_mut().insert(reason);
        }
        response
    }
}
