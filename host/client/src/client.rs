//! The HTTP client, with one connection pool per target.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use http::{HeaderMap, HeaderName, HeaderValue};
use orbital_config::secrets::{Masker, Secrets, Template};
use orbital_model::{CaseId, Phases};
use orbital_policy::targets::describe_known;
use orbital_policy::targets::{
    CONNECT_TIMEOUT, CONNECTION_MAX_AGE, MAX_RESPONSE, TIMEOUT, TargetSettings, TargetsSettings, check_url,
};
use reqwest::Url;
use tokio::runtime::Handle;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

use crate::connections::{Connections, Recipe, tls};
use crate::error::{Failure, SendError, TimeoutOf};
use crate::failure::{Aim, describe};
use crate::heartbeat::Heartbeat;
use crate::lookups::on_behalf_of;
use crate::phases::{Peer, Progress, connected};
use crate::placeholders::Placeholders;
use crate::request::{Checked, Receipt, Request};
use crate::resolver::{PublicOnly, SystemResolver, check_literal, literal};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const ORBITAL_RUN: HeaderName = HeaderName::from_static("orbital-run");

/// Sends requests to the configured targets.
pub struct Client {
    targets: BTreeMap<String, Target>,
    /// Masks secrets in answers, which may contain what was sent.
    masker: Masker,
    /// The pool for hosts that do not belong to a target, at public addresses only.
    public: Pool,
    /// The pool for hosts that do not belong to a target, at any address.
    anywhere: Pool,
    /// The runtime of the connections. A guest that computes all the time must not delay sockets, so requests do not
    /// run where guests run.
    runtime: Handle,
}

struct Target {
    base: Url,
    pool: Pool,
}

/// Connections, and the settings of the requests that use them.
struct Pool {
    connections: Connections,
    headers: HeaderMap,
    placeholders: Placeholders,
    timeout: Duration,
    max_response: usize,
}

/// Why the client cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// A target's URL or header is invalid with its secrets in place. The value is not shown.
    #[error("target `{target}`: with its secret in place, {what}")]
    Target {
        /// The target's name.
        target: String,
        /// The problem.
        what: String,
    },
    /// The HTTP client of a target could not be created.
    #[error("target `{target}`: cannot make an HTTP client")]
    Http {
        /// The target's name.
        target: String,
        /// The library's error.
        source: reqwest::Error,
    },
    /// The HTTP client for hosts that do not belong to a target could not be created.
    #[error("cannot make an HTTP client")]
    Hosts(#[source] reqwest::Error),
    /// The certificates that the system trusts cannot be read.
    #[error("cannot read the certificates that the system trusts")]
    Tls(#[source] rustls::Error),
}

/// A request that was checked and can be sent.
pub struct Ready<'a> {
    client: &'a Client,
    pool: &'a Pool,
    checked: Checked,
    timeout: Duration,
    /// The setting from which the timeout comes.
    timeout_of: TimeoutOf,
}

impl Client {
    /// Creates the pools, without any connection.
    ///
    /// # Errors
    /// All problems that were found.
    pub fn new(
        settings: &TargetsSettings,
        secrets: &Secrets,
        masker: Masker,
        runtime: Handle,
    ) -> Result<Self, Vec<ClientError>> {
        let known = Arc::new(secrets.names().map(str::to_owned).collect());
        let tls = tls().map_err(|error| vec![ClientError::Tls(error)])?;
        let (mut targets, mut errors) = (BTreeMap::new(), Vec::new());
        // Targets have their own resolver, so that names that tests choose do not delay them.
        let resolver = Arc::new(SystemResolver::default());
        for (name, settings) in &settings.0 {
            let recipe = Recipe {
                connect_timeout: settings.connect_timeout,
                max_age: settings.connection_max_age,
                resolver: resolver.clone(),
                tls: tls.clone(),
            };
            match Target::new(name, settings, recipe, secrets, &known) {
                Ok(target) => drop(targets.insert(name.clone(), target)),
                Err(error) => errors.push(error),
            }
        }
        let none = || Placeholders::new("a host of its own", &[], false, secrets, known.clone());
        let resolver = SystemResolver::default();
        let recipe = |resolver| Recipe {
            connect_timeout: CONNECT_TIMEOUT,
            max_age: CONNECTION_MAX_AGE,
            resolver,
            tls: tls.clone(),
        };
        let anywhere = Pool::for_hosts(recipe(Arc::new(resolver.clone())), none());
        let public = Pool::for_hosts(recipe(Arc::new(PublicOnly(resolver))), none());
        match (public, anywhere) {
            (Ok(public), Ok(anywhere)) if errors.is_empty() => {
                Ok(Self { targets, public, anywhere, masker, runtime })
            }
            (public, anywhere) => {
                errors.extend([public, anywhere].into_iter().filter_map(Result::err));
                Err(errors)
            }
        }
    }

    /// Returns the target that a URL means, and the part of the URL after the target's own. The target is
    /// the one whose name is the URL's host, or the one with whose URL the URL begins; of several, the
    /// one with the longest URL.
    pub fn route(&self, url: &Url) -> Option<(String, String)> {
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let behind = |path: &str| format!("{}{query}", if path == "/" { "" } else { path });
        let by_name = url.host_str().and_then(|host| {
            let named = self.targets.keys().find(|name| name.eq_ignore_ascii_case(host));
            named.filter(|_| url.port().is_none())
        });
        if let Some(name) = by_name {
            return Some((name.clone(), behind(url.path())));
        }
        let own = self.targets.iter().filter_map(|(name, target)| {
            let base = target.base.path().trim_end_matches('/');
            let rest = url.path().strip_prefix(base)?;
            let same = url.origin() == target.base.origin() && (rest.is_empty() || rest.starts_with('/'));
            same.then_some((base.len(), name, rest))
        });
        own.max_by_key(|(length, ..)| *length).map(|(_, name, rest)| (name.clone(), behind(rest)))
    }

    /// Returns whether a target with this name is configured.
    pub fn has_target(&self, name: &str) -> bool {
        self.targets.contains_key(name)
    }

    /// Returns a description of the configured targets, for people.
    pub fn describe_targets(&self) -> String {
        let known = self.targets.keys().cloned().collect::<Vec<_>>();
        describe_known(&known)
    }

    /// Returns the other end of a request, for people. It contains no secrets.
    fn peer(&self, url: &Url) -> Peer {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
        let mut peer = Peer { host: host.to_owned(), authority: format!("{host}{port}") };
        self.masker.hide_in(&mut peer.host);
        self.masker.hide_in(&mut peer.authority);
        peer
    }

    /// Checks a request without sending anything.
    ///
    /// # Errors
    /// The target is unknown, or something in the request is outside its limits.
    pub fn prepare(&self, request: Request) -> Result<Ready<'_>, SendError> {
        let target = self.targets.get(&request.target).ok_or_else(|| SendError::UnknownTarget {
            name: request.target.clone(),
            known: self.targets.keys().cloned().collect(),
        })?;
        let (timeout, name) = (request.timeout, request.target.clone());
        let checked = request.check(&target.base, &target.pool.headers, &target.pool.placeholders)?;
        Ok(self.ready(&target.pool, checked, timeout, TimeoutOf::Target(name)))
    }

    /// Checks a request to a host that does not belong to a target, for which a test chose the whole URL. The host
    /// must be public, unless the operator allows others.
    ///
    /// # Errors
    /// The host is not public, or something in the request is outside its limits.
    pub fn prepare_for_host(
        &self,
        url: Url,
        may_be_private: bool,
        request: Request,
    ) -> Result<Ready<'_>, SendError> {
        if !may_be_private {
            // An address is not resolved, so it would not be checked later.
            check_literal(&url).map_err(|error| SendError::Private(error.to_string()))?;
        }
        let pool = if may_be_private { &self.anywhere } else { &self.public };
        let timeout = request.timeout;
        let checked = request.check_for(url, &pool.headers, &pool.placeholders)?;
        Ok(self.ready(pool, checked, timeout, TimeoutOf::Host))
    }

    fn ready<'a>(
        &'a self,
        pool: &'a Pool,
        checked: Checked,
        timeout: Option<Duration>,
        otherwise: TimeoutOf,
    ) -> Ready<'a> {
        let timeout_of = if timeout.is_some() { TimeoutOf::Test } else { otherwise };
        Ready { client: self, pool, checked, timeout: timeout.unwrap_or(pool.timeout), timeout_of }
    }
}

impl Ready<'_> {
    /// Sends the request and reads the answer. Dropping the future ends the exchange.
    ///
    /// The request contains the run that it belongs to, so that the system under test can recognise synthetic
    /// traffic: the id of its trace is the run's id. Secrets are masked in the answer.
    ///
    /// # Errors
    /// There is no complete answer.
    pub async fn send(
        self,
        (run, case): (Uuid, &CaseId),
        heartbeat: &Heartbeat,
        progress: Progress,
    ) -> Result<Receipt, SendError> {
        let Self { client, pool, checked, timeout, timeout_of } = self;
        let mut headers = pool.headers.clone();
        // `insert` for the first value of a name, `append` for further ones: a test's headers replace the target's.
        let mut replaced: Option<HeaderName> = None;
        for (name, value) in checked.headers {
            match name {
                Some(name) => {
                    headers.insert(name.clone(), value);
                    replaced = Some(name);
                }
                None => drop(replaced.as_ref().map(|name| headers.append(name.clone(), value))),
            }
        }
        headers.insert(TRACEPARENT, traceparent(run));
        if let Ok(value) = HeaderValue::try_from(format!("{run}; case={case}")) {
            headers.insert(ORBITAL_RUN, value);
        }
        let aim = Aim {
            literal: literal(&checked.url),
            is_tls: checked.url.scheme() == "https",
            peer: client.peer(&checked.url),
            progress,
        };
        let http = pool.connections.client();
        let request = http.request(checked.method, checked.url).headers(headers).body(checked.body);
        let max_response = pool.max_response;
        let heartbeat = heartbeat.clone();
        let exchange = async move {
            let progress = aim.progress.clone();
            let answer = heartbeat.timeout(timeout, exchange(request, aim, max_response)).await;
            answer.unwrap_or_else(|| {
                Err(SendError::Timeout { after: timeout, of: timeout_of, stage: progress.stage() })
            })
        };
        let exchange = on_behalf_of(case.component().to_owned(), exchange);
        let mut answer = if Handle::current().id() == client.runtime.id() {
            Box::pin(exchange).await
        } else {
            match AbortOnDropHandle::new(client.runtime.spawn(exchange)).await {
                Ok(result) => result,
                Err(error) => Err(SendError::Unreachable {
                    failure: Failure::Other,
                    reason: format!("the HTTP client broke: {error}"),
                }),
            }
        };
        // Masked here, and not on the runtime of the connections, because a large answer takes long.
        match &mut answer {
            Ok(Receipt { headers, body, .. }) => client.masker.hide_in_message(headers, body),
            Err(SendError::Unreachable { reason, .. } | SendError::Local(reason)) => {
                client.masker.hide_in(reason)
            }
            Err(_) => {}
        }
        answer
    }
}

impl Target {
    fn new(
        name: &str,
        settings: &TargetSettings,
        recipe: Recipe,
        secrets: &Secrets,
        known: &Arc<BTreeSet<String>>,
    ) -> Result<Self, ClientError> {
        let wrong = |what: &str| ClientError::Target { target: name.to_owned(), what: what.to_owned() };
        let base = check_url(&settings.url.expose(secrets)).map_err(|reason| {
            if settings.url.is_secret() { wrong("the URL is not one") } else { wrong(&reason) }
        })?;
        let mut headers = HeaderMap::new();
        for (header, template) in &settings.headers {
            headers.append(
                header.clone(),
                fill_header(template, secrets)
                    .ok_or_else(|| wrong(&format!("the header `{header}` has a control character")))?,
            );
        }
        let connections = Connections::new(recipe)
            .map_err(|source| ClientError::Http { target: name.to_owned(), source })?;
        let TargetSettings { timeout, max_response, secrets: granted, secrets_in_body, .. } = settings;
        let placeholders = Placeholders::new(name, granted, *secrets_in_body, secrets, known.clone());
        let (timeout, max_response) = (*timeout, *max_response);
        Ok(Self { base, pool: Pool { connections, headers, placeholders, timeout, max_response } })
    }
}

impl Pool {
    /// Returns the pool for all hosts that do not belong to a target, with the default limits of targets.
    fn for_hosts(recipe: Recipe, placeholders: Placeholders) -> Result<Self, ClientError> {
        let connections = Connections::new(recipe).map_err(ClientError::Hosts)?;
        let (headers, max_response) = (HeaderMap::new(), MAX_RESPONSE as usize);
        Ok(Self { connections, headers, placeholders, timeout: TIMEOUT, max_response })
    }
}

fn fill_header(template: &Template, secrets: &Secrets) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(template.expose(secrets)).ok()?;
    value.set_sensitive(template.is_secret());
    Some(value)
}

async fn exchange(
    request: reqwest::RequestBuilder,
    aim: Aim,
    max_response: usize,
) -> Result<Receipt, SendError> {
    let describe = |error| describe(error, &aim);
    let started = Instant::now();
    let (response, connect) = connected(aim.peer.clone(), aim.progress.clone(), request.send()).await;
    let mut response = response.map_err(describe)?;
    let answered = started.elapsed();
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(describe)? {
        if body.len() + chunk.len() > max_response {
            return Err(SendError::TooLarge(max_response));
        }
        body.extend_from_slice(&chunk);
    }
    let latency = started.elapsed();
    Ok(Receipt {
        status: response.status().as_u16(),
        headers: std::mem::take(response.headers_mut()),
        body: body.freeze(),
        latency,
        phases: Phases {
            connect,
            wait: answered.saturating_sub(connect.unwrap_or_default()),
            read: latency - answered,
        },
    })
}

/// Returns the W3C trace context: the version, the trace id, the id of this request, and the flag for sampled traces.
fn traceparent(run: Uuid) -> HeaderValue {
    let span = rand::random::<u64>() | 1;
    let text = format!("00-{}-{span:016x}-01", run.simple());
    // The text consists only of hexadecimal digits and dashes, so it is always valid.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}
