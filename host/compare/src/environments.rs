//! Other hosts, and requests for their statistics.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use http::{HeaderValue, StatusCode, header};
use orbital_config::secrets::Secrets;
use orbital_files::{FileError, file};
use orbital_model::error::chain;
use orbital_model::text::beginning;
use orbital_model::{Pattern, Window};
use reqwest::Certificate;
use serde::Deserialize;

use crate::ask_error::AskError;
use crate::comparison::Comparison;
use crate::settings::{EnvironmentSettings, EnvironmentsSettings};
use crate::stats::Stats;

/// The timeout for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum size of an answer, in bytes: some kilobytes for each of several thousand cases.
const LARGEST: usize = 32 << 20;

/// The other hosts that can be compared.
#[derive(Default)]
pub struct Environments(BTreeMap<String, Environment>);

struct Environment {
    http: reqwest::Client,
    /// The URL of the host's private listener, without a slash at its end.
    url: String,
    token: Option<HeaderValue>,
    timeout: Duration,
}

/// Why no request can be sent to an environment.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The token is invalid. The value is not shown.
    #[error("the secret for `environments.{0}.token` has a character that is not allowed in an HTTP header")]
    Token(String),
    /// The certificates cannot be read.
    #[error("`environments.{name}.ca`: cannot read `{path}`")]
    Read {
        /// The name of the environment.
        name: String,
        /// The path of the file.
        path: PathBuf,
        /// The cause.
        source: FileError,
    },
    /// The file contains no certificates.
    #[error(
        "`environments.{name}.ca`: `{path}` has no certificate in PEM format, such as `-----BEGIN CERTIFICATE-----`"
    )]
    NoCertificate {
        /// The name of the environment.
        name: String,
        /// The path of the file.
        path: PathBuf,
    },
    /// The HTTP client could not be created.
    #[error("`environments.{name}`: cannot make an HTTP client")]
    Http {
        /// The name of the environment.
        name: String,
        /// The cause.
        source: reqwest::Error,
    },
}

impl Environments {
    /// Creates the HTTP clients, without connecting.
    ///
    /// # Errors
    /// Returns the errors of all environments.
    pub fn new(settings: &EnvironmentsSettings, secrets: &Secrets) -> Result<Self, Vec<EnvironmentError>> {
        let (mut environments, mut errors) = (BTreeMap::new(), Vec::new());
        for (name, settings) in &settings.0 {
            match Environment::new(name, settings, secrets) {
                Ok(environment) => drop(environments.insert(name.clone(), environment)),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(Self(environments)) } else { Err(errors) }
    }

    /// Returns the names of the environments.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Asks two environments at once for their statistics, and compares these.
    ///
    /// # Errors
    /// Returns the error of each environment that does not return its statistics.
    pub async fn compare(
        &self,
        [one, other]: [&str; 2],
        window: Window,
        cases: Option<&Pattern>,
    ) -> Result<Comparison, Vec<AskError>> {
        AskError::check([one, other], self.0.keys()).map_err(|error| vec![error])?;
        let names = [one, other].map(str::to_owned);
        match tokio::join!(self.stats(one, window), self.stats(other, window)) {
            (Ok(one), Ok(other)) => Ok(Comparison::new(names, window, [one, other], cases)),
            (one, other) => Err([one, other].into_iter().filter_map(Result::err).collect()),
        }
    }

    /// Returns the statistics of an environment.
    ///
    /// # Errors
    /// The environment does not return its statistics.
    pub async fn stats(&self, name: &str, window: Window) -> Result<Stats, AskError> {
        let environment = self.0.get(name).ok_or_else(|| AskError::Unknown {
            name: name.to_owned(),
            known: self.names().map(str::to_owned).collect(),
        })?;
        environment.stats(name, window).await
    }
}

impl Environment {
    fn new(name: &str, settings: &EnvironmentSettings, secrets: &Secrets) -> Result<Self, EnvironmentError> {
        let own = || name.to_owned();
        let token = settings.token.as_ref().map(|token| {
            let value = HeaderValue::try_from(format!("Bearer {}", token.expose(secrets)));
            let mut value = value.map_err(|_| EnvironmentError::Token(own()))?;
            value.set_sensitive(true);
            Ok(value)
        });
        let mut http = reqwest::Client::builder()
            // The token is for this host only, so redirects are not followed.
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("orbital/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &settings.ca {
            let text = file::read(path, file::MAX_SMALL).map_err(|source| EnvironmentError::Read {
                name: own(),
                path: path.clone(),
                source,
            })?;
            let certificates = Certificate::from_pem_bundle(&text).ok().filter(|all| !all.is_empty());
            let none = || EnvironmentError::NoCertificate { name: own(), path: path.clone() };
            http = http.tls_certs_only(certificates.ok_or_else(none)?);
        }
        Ok(Self {
            http: http.build().map_err(|source| EnvironmentError::Http { name: own(), source })?,
            url: settings.url.as_str().trim_end_matches('/').to_owned(),
            token: token.transpose()?,
            timeout: settings.timeout,
        })
    }

    async fn stats(&self, name: &str, window: Window) -> Result<Stats, AskError> {
        let unreachable =
            |reason| AskError::Unreachable { name: name.to_owned(), url: self.url.clone(), reason };
        let not_orbital =
            |reason| AskError::NotOrbital { name: name.to_owned(), url: self.url.clone(), reason };
        let (status, body) = match tokio::time::timeout(self.timeout, self.get(window)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(unreachable(innermost(&error.without_url()))),
            Err(_) => {
                let reason = format!(
                    "no whole answer within {} (`timeout`)",
                    humantime::format_duration(self.timeout)
                );
                return Err(unreachable(reason));
            }
        };
        let body = body.ok_or_else(|| not_orbital(format!("it has more than {LARGEST} bytes")))?;
        let name = name.to_owned();
        match status {
            StatusCode::OK => serde_json::from_slice(&body).map_err(|error| not_orbital(error.to_string())),
            status => {
                let reason = Problem::detail_of(&body, status).map_err(not_orbital)?;
                Err(match status {
                    StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => AskError::Forbidden { name, reason },
                    StatusCode::NOT_FOUND => AskError::NoStatistics { name, reason },
                    status => AskError::Refused { name, status, reason },
                })
            }
        }
    }

    /// Returns the status and the body; no body if it is too large.
    async fn get(&self, window: Window) -> Result<(StatusCode, Option<Vec<u8>>), reqwest::Error> {
        let window = window.to_string().replace(' ', "%20");
        let mut request = self.http.get(format!("{}/api/v1/stats?window={window}", self.url));
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, token.clone());
        }
        let mut response = request.send().await?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > LARGEST {
                return Ok((response.status(), None));
            }
            body.extend_from_slice(&chunk);
        }
        Ok((response.status(), Some(body)))
    }
}

/// An error that an orbital host answers with.
#[derive(Deserialize)]
struct Problem {
    detail: String,
}

impl Problem {
    /// Returns the reason for the error, or why the body is not such an error.
    fn detail_of(body: &[u8], status: StatusCode) -> Result<String, String> {
        match serde_json::from_slice::<Self>(body) {
            Ok(problem) => Ok(beginning(&problem.detail).into_owned()),
            Err(_) => Err(format!("it is {status}")),
        }
    }
}

/// Returns the innermost cause, which is the one that helps.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause: &(dyn std::error::Error + 'static) = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    chain(cause)
}
