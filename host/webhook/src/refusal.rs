//! What the webhook says to a request that it does not take.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use orbital_listener::TurnedAway;

use crate::waiter::Rejection;

/// A request that is not taken, and why. The detail is for its sender and for the operator: no secret is in it.
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

    /// Says which proof is wanted.
    pub(super) fn asking(self, challenge: &'static str) -> Self {
        Self { header: Some((header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge))), ..self }
    }

    /// Says which methods are allowed.
    pub(super) fn allowing(self, methods: &'static str) -> Self {
        Self { header: Some((header::ALLOW, HeaderValue::from_static(methods))), ..self }
    }

    /// Says that it may go better soon.
    pub(super) fn soon(self) -> Self {
        Self { header: Some((header::RETRY_AFTER, HeaderValue::from_static("1"))), ..self }
    }

    /// Has the listener count it among what it turned away.
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
