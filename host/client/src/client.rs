//! The HTTP client, with one connection pool per target.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, header};
use http_body_util::Full;
use orbital_config::secrets::{Masker, Secrets, Template};
use orbital_model::CaseId;
use orbital_policy::targets::describe_known;
use orbital_policy::targets::{
    CONNECT_TIMEOUT, CONNECTION_MAX_AGE, MAX_RESPONSE, TIMEOUT, TargetSettings, TargetsSettings, check_url,
};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;
use url::Url;
use uuid::Uuid;

use crate::connections::{Connections, Recipe, tls};
use crate::dns::Resolve;
use crate::error::{Failure, SendError, TimeoutOf};
use crate::exchange::exchange;
use crate::failure::Aim;
use crate::heartbeat::Heartbeat;
use crate::lookups::on_behalf_of;
use crate::own_headers;
use crate::phases::Progress;
use crate::placeholders::Placeholders;
use crate::request::{Checked, Receipt, Request};
use crate::resolver::{PublicOnly, SystemResolver, check_literal};
use crate::server::{Base, Server, take_user, uri};

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
    base: Base,
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
    /// The certificates that the system trusts cannot be read.
    #[error("cannot read the certificates that the system trusts")]
    Tls(#[source] rustls::Error),
}

/// A request that was checked and can be sent.
pub struct Ready<'a> {
    client: &'a Client,
    pool: &'a Pool,
    server: Arc<Server>,
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
            match Target::new(name, settings, recipe, (secrets, &masker), &known) {
                Ok(target) => drop(targets.insert(name.clone(), target)),
                Err(error) => errors.push(error),
            }
        }
        let none = || Placeholders::new("a host of its own", &[], false, secrets, known.clone());
        let resolver = SystemResolver::default();
        let recipe = |resolver: Arc<dyn Resolve>| Recipe {
            connect_timeout: CONNECT_TIMEOUT,
            max_age: CONNECTION_MAX_AGE,
            resolver,
            tls: tls.clone(),
        };
        let anywhere = Pool::for_hosts(recipe(Arc::new(resolver.clone())), none());
        let public = Pool::for_hosts(recipe(Arc::new(PublicOnly(resolver))), none());
        if errors.is_empty() { Ok(Self { targets, public, anywhere, masker, runtime }) } else { Err(errors) }
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
            let base = target.base.url().path().trim_end_matches('/');
            let rest = url.path().strip_prefix(base)?;
            let same =
                url.origin() == target.base.url().origin() && (rest.is_empty() || rest.starts_with('/'));
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

    /// Checks a request without sending anything.
    ///
    /// # Errors
    /// The target is unknown, or something in the request is outside its limits.
    #[inline(never)]
    pub fn prepare(&self, mut request: Request) -> Result<Ready<'_>, SendError> {
        let target = self.targets.get(&request.target).ok_or_else(|| SendError::UnknownTarget {
            name: request.target.clone(),
            known: self.targets.keys().cloned().collect(),
        })?;
        let (timeout, name) = (request.timeout, std::mem::take(&mut request.target));
        let checked = request.check(&target.base, &target.pool.headers, &target.pool.placeholders)?;
        let server = target.base.server.clone();
        Ok(self.ready(&target.pool, server, checked, (timeout, TimeoutOf::Target(name))))
    }

    /// Checks a request to a host that does not belong to a target, for which a test chose the whole URL, without a
    /// user. The host must be public, unless the operator allows others.
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
        let uri =
            uri(&url).map_err(|error| SendError::Invalid(format!("the URL cannot be sent: {error}")))?;
        let checked = request.check_for(uri, &pool.headers, &pool.placeholders)?;
        let server = Arc::new(Server::of(&url, self.masker.clone()));
        Ok(self.ready(pool, server, checked, (timeout, TimeoutOf::Host)))
    }

    fn ready<'a>(
        &'a self,
        pool: &'a Pool,
        server: Arc<Server>,
        checked: Checked,
        (timeout, otherwise): (Option<Duration>, TimeoutOf),
    ) -> Ready<'a> {
        let timeout_of = if timeout.is_some() { TimeoutOf::Test } else { otherwise };
        Ready { client: self, pool, server, checked, timeout: timeout.unwrap_or(pool.timeout), timeout_of }
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
        let client = self.client;
        let mut answer = match self.start((run, case), heartbeat.clone(), progress).await {
            Ok(result) => result,
            Err(error) => Err(SendError::Unreachable {
                failure: Failure::Other,
                reason: format!("the HTTP client broke: {error}"),
            }),
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

    /// Starts the exchange in a task of its own. The caller may be on the stack of a guest, of which there is one per run
    /// that waits, and the pages that an exchange uses there would stay. For the same reason this is not inlined.
    #[inline(never)]
    fn start(
        self,
        (run, case): (Uuid, &CaseId),
        heartbeat: Heartbeat,
        progress: Progress,
    ) -> AbortOnDropHandle<Result<Receipt, SendError>> {
        let Self { client, pool, server, checked, timeout, timeout_of } = self;
        let Checked { method, uri, mut headers, body } = checked;
        own_headers::add(&mut headers, (run, case), server.host.as_ref());
        let mut request = http::Request::new(Full::new(body));
        (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, headers);
        let aim = Aim { server, progress };
        let (http, max_response) = (pool.connections.http(), pool.max_response);
        let exchange = async move {
            let exchange = pin!(exchange(&http, request, &aim, max_response));
            let answer = heartbeat.timeout(timeout, exchange).await;
            answer.unwrap_or_else(|| {
                Err(SendError::Timeout { after: timeout, of: timeout_of, stage: aim.progress.stage() })
            })
        };
        // Boxed, so that it is copied only once.
        AbortOnDropHandle::new(client.runtime.spawn(Box::pin(on_behalf_of(case.clone(), exchange))))
    }
}

impl Target {
    fn new(
        name: &str,
        settings: &TargetSettings,
        recipe: Recipe,
        (secrets, masker): (&Secrets, &Masker),
        known: &Arc<BTreeSet<String>>,
    ) -> Result<Self, ClientError> {
        let wrong = |what: &str| ClientError::Target { target: name.to_owned(), what: what.to_owned() };
        let mut url = check_url(&settings.url.expose(secrets)).map_err(|reason| {
            if settings.url.is_secret() { wrong("the URL is not one") } else { wrong(&reason) }
        })?;
        let mut headers = HeaderMap::new();
        if let Some(user) = take_user(&mut url)
            && !settings.headers.iter().any(|(name, _)| *name == header::AUTHORIZATION)
        {
            headers.insert(header::AUTHORIZATION, user);
        }
        let base = Base::new(url, masker.clone()).map_err(|_| wrong("no request can be sent to the URL"))?;
        for (header, template) in &settings.headers {
            headers.append(
                header.clone(),
                fill_header(template, secrets)
                    .ok_or_else(|| wrong(&format!("the header `{header}` has a control character")))?,
            );
        }
        let connections = Connections::new(recipe);
        let TargetSettings { timeout, max_response, secrets: granted, secrets_in_body, .. } = settings;
        let placeholders = Placeholders::new(name, granted, *secrets_in_body, secrets, known.clone());
        let (timeout, max_response) = (*timeout, *max_response);
        Ok(Self { base, pool: Pool { connections, headers, placeholders, timeout, max_response } })
    }
}

impl Pool {
    /// Returns the pool for all hosts that do not belong to a target, with the default limits of targets.
    fn for_hosts(recipe: Recipe, placeholders: Placeholders) -> Self {
        let connections = Connections::new(recipe);
        let (headers, max_response) = (HeaderMap::new(), MAX_RESPONSE as usize);
        Self { connections, headers, placeholders, timeout: TIMEOUT, max_response }
    }
}

fn fill_header(template: &Template, secrets: &Secrets) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(template.expose(secrets)).ok()?;
    value.set_sensitive(template.is_secret());
    Some(value)
}
