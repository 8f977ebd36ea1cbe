//! Routes of the public listener: all of them, to one handler.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use orbital_listener::sparing::Sparing;
use orbital_listener::{App, ArrivalOrder, RejectedHead};
use tokio::time::Instant;

use crate::auth::Admitted;
use crate::extract::{Search, extract};
use crate::head;
use crate::head::PartialHead;
use crate::refusal::Refusal;
use crate::room::Room;
use crate::session_cookie;
use crate::waiter::{Delivery, PlannedReply, Received, Rejection, SkippedLocation, Waiter};
use crate::{Gate, WebhookSettings};

/// What a component's own segment of the path begins with. It is left alone by whatever encodes URLs.
const COMPONENT: char = '~';

/// Methods that have an answer; any other one but CONNECT and TRACE has the same as POST.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Takes deliveries.
pub struct Webhook {
    ways: RwLock<Arc<Ways>>,
    room: Room,
    waiter: Arc<Waiter>,
    rejections: [Sparing; Rejection::ALL.len()],
}

/// How requests are treated.
struct Ways {
    settings: WebhookSettings,
    gate: Gate,
}

impl Webhook {
    /// That hands deliveries to this waiter.
    pub fn new(settings: WebhookSettings, gate: Gate, waiter: Arc<Waiter>) -> Arc<Self> {
        let ways = RwLock::new(Arc::new(Ways { settings, gate }));
        Arc::new(Self { ways, room: Room::default(), waiter, rejections: Default::default() })
    }

    /// What requests are treated by from now on.
    pub fn configure(&self, settings: WebhookSettings, gate: Gate) {
        *self.ways.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Ways { settings, gate });
    }

    /// Returns what the public listener serves: `* /*` takes a delivery.
    pub fn app(self: &Arc<Self>) -> App {
        let router = Router::new().fallback(receive).with_state(self.clone());
        let webhook = self.clone();
        App { rejected: Arc::new(move |head| webhook.reject_head(head)), ..App::new(router, |_| false) }
    }

    /// Counts, shows and logs a head that did not become a request.
    fn reject_head(&self, RejectedHead { fault, bytes }: RejectedHead) {
        let ways = self.ways();
        let PartialHead { method, path, query, mut headers } = PartialHead::read(&bytes);
        session_cookie::remove(&mut headers);
        let refusal = head::refusal(fault, &bytes, &ways.settings.limits);
        ways.gate.conceal(ways.route(&path), &mut headers);
        let path = ways.masked(&path);
        self.reject(Received::refused(&method, &path, &query, &headers, None, &refusal.detail), &refusal);
    }

    fn reject(&self, request: Received, refusal: &Refusal) {
        let reason = refusal.rejection;
        self.waiter.rejected(request, reason);
        self.rejections[reason as usize].say(|more| {
            tracing::warn!(
                reason = reason.name(),
                "the webhook rejected a request: {}{more}",
                refusal.detail
            );
        });
    }

    /// How many bytes of bodies are here and not delivered yet.
    #[cfg(fuzzing)]
    pub fn held(&self) -> usize {
        self.room.taken()
    }

    fn ways(&self) -> Arc<Ways> {
        self.ways.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The URL that this component's deliveries must go to, if each component has its own.
pub fn component_url(webhook: &str, component: &str) -> String {
    format!("{webhook}/{COMPONENT}{component}")
}

impl Ways {
    /// A path as profiles see it: if each component has its own, it begins with that, whatever a proxy puts before.
    /// So there is no way to a component around the profile that guards it.
    fn route<'a>(&self, path: &'a str) -> &'a str {
        if self.settings.path_per_component { from_component(path).unwrap_or(path) } else { path }
    }

    /// The component that a path is for, if each has its own.
    fn component<'a>(&self, path: &'a str) -> Result<Option<&'a str>, Refusal> {
        if !self.settings.path_per_component {
            return Ok(None);
        }
        from_component(path).map(component).filter(|name| !name.is_empty()).map(Some).ok_or_else(|| {
            let detail = format!(
                "the path names no component, such as `/{COMPONENT}checkout`: each has its own URL \
                 (`webhook.path_per_component`)"
            );
            Refusal::new(StatusCode::NOT_FOUND, Rejection::NoComponent, detail)
        })
    }

    /// The path without what may be a secret in it, for tests and people.
    fn masked(&self, path: &str) -> String {
        self.gate.masked(path, self.route(path).len())
    }
}

/// The rest of a path from the first segment on that is a component's.
fn from_component(path: &str) -> Option<&str> {
    path.match_indices('/').map(|(at, _)| &path[at..]).find(|rest| rest[1..].starts_with(COMPONENT))
}

/// The name in the first segment of such a rest.
fn component(rest: &str) -> &str {
    let name = &rest[1 + COMPONENT.len_utf8()..];
    name.split('/').next().unwrap_or(name)
}

async fn receive(State(webhook): State<Arc<Webhook>>, request: Request) -> Response {
    let ways = webhook.ways();
    let (mut parts, body) = request.into_parts();
    session_cookie::remove(&mut parts.headers);
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let challenges = &ways.settings.challenges;
    if let Some(token) = challenges.iter().find_map(|one| one.answer(&parts.method, path, query)) {
        return echo(token);
    }
    match take(&webhook, &ways, &mut parts, body).await {
        Ok(response) => response,
        Err(mut refusal) => {
            let Parts { method, uri, headers, extensions, .. } = &mut parts;
            let query = uri.query().unwrap_or_default();
            if let Some(near) = ways.settings.challenge_near_miss(method, uri.path(), query) {
                refusal.detail.push_str("; ");
                refusal.detail.push_str(&near);
            }
            ways.gate.conceal(ways.route(uri.path()), headers);
            let path = ways.masked(uri.path());
            let component = ways.component(uri.path()).ok().flatten().map(str::to_owned);
            let order = extensions.get();
            let request = Received::refused(method.as_str(), &path, query, headers, order, &refusal.detail);
            webhook.reject(Received { component, ..request }, &refusal);
            refusal.into_response()
        }
    }
}

/// Delivers a request, if it is let in, and answers it as a test planned. The headers of one that is not stay.
async fn take(webhook: &Webhook, ways: &Ways, parts: &mut Parts, body: Body) -> Result<Response, Refusal> {
    if parts.version == Version::HTTP_2 {
        head::check(&parts.headers, &parts.uri, &ways.settings.limits)?;
    }
    ways.component(parts.uri.path())?;
    let admitted = ways.gate.admit(ways.route(parts.uri.path()), &parts.headers)?;
    match parts.method {
        // Whoever sends these asks about the URL, and delivers nothing.
        Method::HEAD => return Ok(StatusCode::OK.into_response()),
        Method::OPTIONS => return Ok((StatusCode::NO_CONTENT, [(header::ALLOW, METHODS)]).into_response()),
        Method::CONNECT | Method::TRACE => {
            let detail = format!("{} is no method of a delivery", parts.method);
            let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, Rejection::BadMethod, detail);
            return Err(refusal.allowing(METHODS));
        }
        _ => {}
    }
    let path = parts.uri.path();
    let receiving =
        webhook.waiter.receiving(ways.component(path)?, parts.method.as_str(), &ways.masked(path));
    let delivering = webhook.room.read(&ways.settings, body, |body| {
        drop(receiving);
        deliver(webhook, ways, parts, admitted, body)
    });
    let Some(PlannedReply { status, delay, headers, body }) = delivering.await?? else {
        return Ok(StatusCode::OK.into_response());
    };
    tokio::time::sleep(delay).await;
    // A body of bytes would bring a content type of its own.
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = sandboxed(headers);
    Ok(response)
}

/// Adds the headers that keep a planned reply from acting as a page, in a browser of somebody who follows a link to the
/// webhook, unless the test sets them itself. Removes headers that would end the session of that browser at the private
/// listener.
fn sandboxed(mut headers: HeaderMap) -> HeaderMap {
    session_cookie::remove_set(&mut headers);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static("sandbox"));
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    headers
}

fn deliver(
    webhook: &Webhook,
    ways: &Ways,
    parts: &mut Parts,
    admitted: Admitted<'_>,
    body: Bytes,
) -> Result<Option<PlannedReply>, Refusal> {
    // Nothing refuses it from here on.
    let body = admitted.prove(&parts.headers, body)?;
    let mut headers = std::mem::take(&mut parts.headers);
    let (path, component) = (parts.uri.path(), ways.component(parts.uri.path())?);
    ways.gate.conceal(ways.route(path), &mut headers);
    let (path, query) = (ways.masked(path), parts.uri.query().unwrap_or_default());
    let places = ways.settings.keys.iter().filter(|place| admitted.vouches_for(place));
    let Search { key, mut skipped } = extract(places, &headers, &path, query, &body);
    if let Some(reason) = ways.settings.challenge_near_miss(&parts.method, parts.uri.path(), query) {
        skipped.push(SkippedLocation { location: "the path".to_owned(), reason });
    }
    let key = key.map(Cow::into_owned);
    let delivery = Delivery {
        method: parts.method.clone(),
        query: query.to_owned(),
        headers,
        order: parts.extensions.remove::<ArrivalOrder>(),
        path,
        body,
        proven: admitted.has_proof(),
        answered: None,
        received: Instant::now(),
        received_at: SystemTime::now(),
    };
    Ok(match key {
        Some(key) => webhook.waiter.deliver(component, &key, delivery, skipped).1,
        None => {
            webhook.waiter.without_key(component, delivery, skipped);
            None
        }
    })
}

/// A token, as text that no browser takes for a page.
fn echo(token: String) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, token).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_component_wherever_a_proxy_puts_it() {
        let url = component_url("https://hooks.example.com/orbital", "shop");
        assert_eq!(url, "https://hooks.example.com/orbital/~shop");
        let found = |path| from_component(path).map(component);
        for path in ["/~shop", "/~shop/orders", "/orbital/~shop", "/~shop/~other", "//~shop/"] {
            assert_eq!(found(path), Some("shop"), "{path}");
        }
        for path in ["/~", "/~/~shop", "/a/~"] {
            assert_eq!(found(path), Some(""), "{path}");
        }
        for path in ["/", "/shop", "", "/a~shop", "~shop", "*"] {
            assert_eq!(found(path), None, "{path}");
        }
    }
}
