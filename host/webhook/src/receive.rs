//! The handler of the public listener, which answers requests to all paths.

use std::borrow::Cow;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use orbital_listener::sparing::Sparing;
use orbital_listener::{App, ArrivalOrder, RejectedHead};
use parking_lot::{Mutex, RwLock};
use tokio::time::Instant;

use crate::auth::Admitted;
use crate::body_budget::BodyBudget;
use crate::extract::{Search, extract};
use crate::head;
use crate::head::PartialHead;
use crate::refusal::Refusal;
use crate::session_cookie;
use crate::settings::COMPONENT;
use crate::waiter::{Delivery, PlannedReply, Received, Rejection, SkippedLocation, Waiter};
use crate::{Authenticator, LiveWebhookSettings, WebhookSettings};

/// Methods that are answered; any other method except CONNECT and TRACE is treated like POST.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// Receives deliveries.
pub struct Webhook {
    configuration: RwLock<Arc<Configuration>>,
    body_budget: BodyBudget,
    waiter: Arc<Waiter>,
    rejections: [Sparing; Rejection::ALL.len()],
}

/// The configuration that requests are handled with.
struct Configuration {
    path_per_component: bool,
    settings: LiveWebhookSettings,
    authenticator: Authenticator,
}

impl Webhook {
    /// Creates a webhook that passes deliveries to this waiter.
    pub fn new(settings: WebhookSettings, authenticator: Authenticator, waiter: Arc<Waiter>) -> Arc<Self> {
        let WebhookSettings { fixed, live } = settings;
        let path_per_component = fixed.path_per_component;
        let configuration = Configuration { path_per_component, settings: live, authenticator };
        Arc::new(Self {
            configuration: RwLock::new(Arc::new(configuration)),
            body_budget: BodyBudget::default(),
            waiter,
            rejections: Default::default(),
        })
    }

    /// Changes the live settings; they take effect for new requests.
    pub fn configure(&self, settings: LiveWebhookSettings, authenticator: Authenticator) {
        let mut acting = self.configuration.write();
        let path_per_component = acting.path_per_component;
        *acting = Arc::new(Configuration { path_per_component, settings, authenticator });
    }

    /// Returns the application of the public listener: `* /*` takes a delivery.
    pub fn app(self: &Arc<Self>) -> App {
        let (receiver, rejecter) = (self.clone(), self.clone());
        App {
            answer: Arc::new(move |request, _| Box::pin(receive(receiver.clone(), request))),
            is_vital: |_| false,
            rejected: Arc::new(move |head| rejecter.reject_head(head)),
        }
    }

    /// Counts, records and logs a head that could not be parsed.
    fn reject_head(&self, RejectedHead { fault, bytes }: RejectedHead) {
        let configuration = self.configuration();
        let PartialHead { method, path, query, mut headers } = PartialHead::read(&bytes);
        session_cookie::remove(&mut headers);
        let refusal = head::refusal(fault, &bytes, &configuration.settings.limits);
        configuration.authenticator.conceal(configuration.route(&path), &mut headers);
        let path = configuration.masked(&path);
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

    /// Returns how many bytes of bodies were received and are not delivered yet.
    #[cfg(fuzzing)]
    pub fn held(&self) -> usize {
        self.body_budget.taken()
    }

    fn configuration(&self) -> Arc<Configuration> {
        self.configuration.read().clone()
    }
}

/// Returns the URL for deliveries to this component, if each component has its own.
pub fn component_url(webhook: &str, component: &str) -> String {
    format!("{webhook}/{COMPONENT}{component}")
}

impl Configuration {
    /// Returns a path as profiles see it: if each component has its own URL, the path starts with the component's
    /// segment, whatever prefix a proxy adds. So the profile that protects a component cannot be bypassed.
    fn route<'a>(&self, path: &'a str) -> &'a str {
        if self.path_per_component { from_component(path).unwrap_or(path) } else { path }
    }

    /// Returns the component that a path is for, if each component has its own URL.
    fn component<'a>(&self, path: &'a str) -> Result<Option<&'a str>, Refusal> {
        if !self.path_per_component {
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

    /// Returns the path with possible secrets masked, for display and for tests.
    fn masked(&self, path: &str) -> String {
        self.authenticator.masked(path, self.route(path).len())
    }
}

/// Returns the rest of a path, starting with the first segment that names a component.
fn from_component(path: &str) -> Option<&str> {
    path.match_indices('/').map(|(at, _)| &path[at..]).find(|rest| rest[1..].starts_with(COMPONENT))
}

/// Returns the component's name from the first segment of a path that starts with it.
fn component(rest: &str) -> &str {
    let name = &rest[1 + COMPONENT.len_utf8()..];
    name.split('/').next().unwrap_or(name)
}

async fn receive(webhook: Arc<Webhook>, request: Request) -> Response {
    let configuration = webhook.configuration();
    let (mut parts, body) = request.into_parts();
    session_cookie::remove(&mut parts.headers);
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let challenges = &configuration.settings.challenges;
    if let Some(token) = challenges.iter().find_map(|one| one.answer(&parts.method, path, query)) {
        return echo(token);
    }
    match take(&webhook, &configuration, &mut parts, body).await {
        Ok(response) => response,
        Err(mut refusal) => {
            let Parts { method, uri, headers, extensions, .. } = &mut parts;
            let query = uri.query().unwrap_or_default();
            if let Some(near) = configuration.settings.challenge_near_miss(method, uri.path(), query) {
                refusal.detail.push_str("; ");
                refusal.detail.push_str(&near);
            }
            configuration.authenticator.conceal(configuration.route(uri.path()), headers);
            let path = configuration.masked(uri.path());
            let component = configuration.component(uri.path()).ok().flatten().map(str::to_owned);
            let order = extensions.get();
            let request = Received::refused(method.as_str(), &path, query, headers, order, &refusal.detail);
            webhook.reject(Received { component, ..request }, &refusal);
            refusal.into_response()
        }
    }
}

/// Delivers a request if it is accepted, and answers it as a test planned. A rejected request keeps its headers.
async fn take(
    webhook: &Webhook,
    configuration: &Configuration,
    parts: &mut Parts,
    body: Body,
) -> Result<Response, Refusal> {
    // A connection has one head of HTTP/1 at a time, which counts as part of the connection, and many of HTTP/2.
    let head = match parts.version {
        Version::HTTP_2 => head::check(&parts.headers, &parts.uri, &configuration.settings.limits)?,
        _ => 0,
    };
    configuration.component(parts.uri.path())?;
    let admitted =
        configuration.authenticator.admit(configuration.route(parts.uri.path()), &parts.headers)?;
    match parts.method {
        // Senders of these methods ask about the URL, and deliver nothing.
        Method::HEAD => return Ok(StatusCode::OK.into_response()),
        Method::OPTIONS => return Ok((StatusCode::NO_CONTENT, [(header::ALLOW, METHODS)]).into_response()),
        Method::CONNECT | Method::TRACE => {
            let detail = format!("{} is no method of a delivery", parts.method);
            let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, Rejection::BadMethod, detail);
            return Err(refusal.allowing(METHODS));
        }
        _ => {}
    }
    let (method, uri) = (parts.method.clone(), parts.uri.clone());
    let receiving = Mutex::new(None);
    let mut delivering = pin!(webhook.body_budget.read(&configuration.settings, head, body, |body| {
        receiving.lock().take();
        deliver(webhook, configuration, parts, admitted, body)
    }));
    let delivered = match poll_fn(|context| Poll::Ready(delivering.as_mut().poll(context))).await {
        Poll::Ready(delivered) => delivered,
        // Most bodies have arrived with the head, and need not be noted.
        Poll::Pending => {
            let (component, path) = (configuration.component(uri.path())?, configuration.masked(uri.path()));
            *receiving.lock() = Some(webhook.waiter.receiving(component, method.as_str(), &path));
            delivering.await
        }
    };
    let Some(PlannedReply { status, delay, headers, body }) = delivered?? else {
        return Ok(StatusCode::OK.into_response());
    };
    tokio::time::sleep(delay).await;
    // A body from bytes would set its own content type.
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = sandboxed(headers);
    Ok(response)
}

/// Adds the headers that prevent a planned reply from acting as a page in the browser of somebody who follows a link to
/// the webhook, unless the test sets them itself. Removes headers that would end that browser's session at the private
/// listener.
fn sandboxed(mut headers: HeaderMap) -> HeaderMap {
    session_cookie::remove_set(&mut headers);
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static("sandbox"));
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    headers
}

fn deliver(
    webhook: &Webhook,
    configuration: &Configuration,
    parts: &mut Parts,
    admitted: Admitted<'_>,
    body: Bytes,
) -> Result<Option<PlannedReply>, Refusal> {
    // Nothing after this check rejects the request.
    let body = admitted.prove(&parts.headers, body)?;
    let mut headers = std::mem::take(&mut parts.headers);
    let (path, component) = (parts.uri.path(), configuration.component(parts.uri.path())?);
    configuration.authenticator.conceal(configuration.route(path), &mut headers);
    let (path, query) = (configuration.masked(path), parts.uri.query().unwrap_or_default());
    let places = configuration.settings.keys.iter().filter(|place| admitted.vouches_for(place));
    let Search { key, mut skipped } = extract(places, &headers, &path, query, &body);
    if let Some(reason) = configuration.settings.challenge_near_miss(&parts.method, parts.uri.path(), query) {
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

/// Returns a token as text that no browser interprets as a page.
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
