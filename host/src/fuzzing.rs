//! Ways in for the fuzzers in `fuzz/`, to what is nobody else's business. It is there only where `cargo fuzz` builds.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use crate::config::{Mistake, Setting, parse};
use crate::guest::{Code, ContractError, GuestEngine, Metadata};
use crate::listener::{App, Door};
use crate::registry::TrustSettings;
use crate::secrets::Secrets;
use crate::settings::Settings;
use crate::webhook::{KeyPlace, Pointer, Webhook};

/// Reads a configuration, and tells where each value comes from.
///
/// # Errors
/// All mistakes.
pub fn settings(text: &str, base: &Path) -> Result<(Settings, Vec<Setting>), Vec<Mistake>> {
    parse(text, |root| Settings::read(root, base))
}

/// Secrets with these values, by name.
pub fn secrets<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Secrets {
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned().into()));
    Secrets::of(values.collect::<BTreeMap<_, _>>())
}

/// The place in a JSON body that a pointer leads to.
///
/// # Errors
/// It is no pointer.
pub fn json(pointer: &str) -> Result<KeyPlace, String> {
    Pointer::parse(pointer).map(KeyPlace::Json)
}

/// The first key that is found in these places.
pub fn key(places: &[KeyPlace], headers: &HeaderMap, path: &str, query: &str, body: &[u8]) -> Option<String> {
    crate::webhook::extract(places, headers, path, query, body).key.map(Into::into)
}

/// What the webhook answers to a request.
pub async fn answer(webhook: &Arc<Webhook>, request: Request<Bytes>) -> StatusCode {
    let answer = webhook.app().router.call(request.map(Body::from)).await;
    answer.unwrap_or_else(|never| match never {}).status()
}

/// Serves a connection to its end, as a listener does.
pub async fn attend(
    door: &Arc<Door>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    app: App,
) {
    let place = door.enter(IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
    door.clone().attend(stream, place.expect("there is a place"), app, CancellationToken::new()).await;
}

/// How many bytes of bodies the webhook holds.
pub fn held(webhook: &Webhook) -> usize {
    webhook.held()
}

/// What a component says of itself.
///
/// # Errors
/// It is none, or not for this host.
pub fn inspect(bytes: &[u8]) -> Result<Metadata, ContractError> {
    crate::guest::inspect(bytes)
}

/// Whether a component is small enough to be compiled.
///
/// # Errors
/// It is not, or it cannot be read.
pub fn check_dimensions(bytes: &[u8]) -> Result<(), ContractError> {
    crate::guest::check_dimensions(bytes)
}

/// Who vouches for a component that has this signature beside it.
///
/// # Errors
/// Nobody does.
pub fn vouched(trust: &TrustSettings, bytes: &[u8], beside: Option<&[u8]>) -> Result<String, String> {
    trust.check("component", bytes, "digest", beside).map_err(|error| error.to_string())
}

/// Loads machine code, and gives it what tests can have.
///
/// # Errors
/// It is not that of a test.
pub fn link(engine: &GuestEngine, machine_code: &[u8], code: Code) -> Result<(), String> {
    engine.link(machine_code, code).map(drop).map_err(|error| error.to_string())
}
