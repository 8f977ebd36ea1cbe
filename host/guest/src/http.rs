//! The host's side of `wasi:http`, which HTTP client libraries use, under the same rules as `send-event`.
//!
//! A request goes to a target or to a host that the operator grants; otherwise it is denied. It names a target by the
//! URL: either the target's name is the host (`http://api/v1/batch`), so that a component runs unchanged in every
//! environment, or the URL is the target's own or below it. It is sent by the target's client, with the target's
//! headers, limits and connections.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use orbital_client::heartbeat::Heartbeat;
use orbital_client::{Client, Failure, MAX_BODY, Progress, header_text, is_reserved};
use orbital_model::text::shown;
use orbital_model::{Budget, CaseId, Cause, StepKind};
use orbital_policy::grants::Denial;
use tokio::time::Instant;
use url::Url;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::activity::Activity;
use crate::meter::{Loan, Meter};
use crate::recorder::{Recorder, answered, excerpt};
use crate::run_parts::RunParts;

/// The duration of a denied request. StarlingMonkey (the engine of componentize-js) aborts if an answer is available
/// immediately while one of its timers is pending.
const DENIAL: Duration = Duration::from_millis(2);

type Answer = Result<(http::Response<WasiBody>, Connection), Error>;

/// The work that remains after the head of an answer was received. There is none,
/// because answers are read completely.
type Connection = Box<dyn Future<Output = Result<(), Error>> + Send>;

/// The destination of a request.
enum Destination {
    /// The target that the request names.
    Target,
    /// A host that does not belong to a target.
    Host { url: Url, may_be_private: bool },
}

/// The reason why a request is not sent.
struct Refusal {
    reason: String,
    /// The mistake that caused the refusal, unless it is in the test's own code.
    cause: Option<Cause>,
}

impl From<String> for Refusal {
    fn from(reason: String) -> Self {
        Self { reason, cause: None }
    }
}

/// Sends the requests of one instance.
pub(super) struct Outgoing {
    recorder: Recorder,
    /// The parts of the run; `None` while the component is asked for its cases.
    run: Option<Arc<RunParts>>,
}

impl Outgoing {
    pub(super) fn new(recorder: Recorder, run: Option<Arc<RunParts>>) -> Self {
        Self { recorder, run }
    }

    /// Returns the request to send and its destination, or why nothing is sent.
    fn admit(
        &self,
        request: &http::request::Parts,
        options: Option<RequestOptions>,
    ) -> Result<(&RunParts, orbital_client::Request, (Destination, Loan)), Refusal> {
        let run = self.run.as_deref().ok_or_else(|| {
            Refusal::from("while it is asked for its cases, a component may only log".to_owned())
        })?;
        let meter = self.recorder.meter();
        let under_way = meter
            .charge(Budget::Requests, 1)
            .and_then(|()| meter.lend(Budget::RequestsInFlight, 1))
            .map_err(|breach| breach.to_string())?;
        let url = Url::parse(&request.uri.to_string())
            .map_err(|error| format!("`{}` is not a URL: {error}", shown(&request.uri.to_string())))?;
        let method = request.method.to_string();
        let (target, path, destination) = match run.client.route(&url) {
            Some((target, path)) => {
                run.access
                    .target(&target, &method, &path)
                    .map_err(|denial| Refusal { reason: denial.to_string(), cause: Some(denial.cause()) })?;
                (target, path, Destination::Target)
            }
            None => {
                let grant = run.access.host(&url).map_err(|denial| denied(run, &url, &denial))?;
                if !url.username().is_empty() || url.password().is_some() {
                    let reason = "the URL has a user or a password; send them as a header";
                    return Err(Refusal::from(reason.to_owned()));
                }
                let may_be_private = grant.private;
                (grant.pattern.to_string(), url.to_string(), Destination::Host { url, may_be_private })
            }
        };
        // Client libraries set headers about the connection as they like, so these are dropped.
        let headers = request.headers.iter().filter(|(name, _)| !is_reserved(name));
        let outgoing = orbital_client::Request {
            target,
            method,
            path,
            headers: headers.map(|(name, value)| (name.to_string(), header_text(value))).collect(),
            body: Bytes::new(),
            timeout: options.and_then(|options| options.first_byte_timeout),
        };
        Ok((run, outgoing, (destination, under_way)))
    }
}

impl WasiHttpHooks for Outgoing {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Answer> + Send> {
        let (parts, body) = request.into_parts();
        let recorder = self.recorder.clone();
        match self.admit(&parts, options) {
            Ok((run, request, (destination, under_way))) => {
                let started = Instant::now();
                // A client library does not know keys, so the request is an event without one,
                // unless its method only reads.
                if !parts.method.is_safe() {
                    run.claims.sent(None, started);
                }
                let progress = Progress::default();
                recorder.enter(Activity::Sending {
                    target: request.target.clone(),
                    method: request.method.clone(),
                    path: request.path.clone(),
                    since: recorder.clock().elapsed(),
                    progress: progress.clone(),
                });
                // Takes only what the exchange needs of the run, because it may outlive the run for a moment.
                let (client, heartbeat) = (run.client.clone(), run.heartbeat.clone());
                let (id, case) = (run.context.id, run.context.case.clone());
                let exchange = async move {
                    let answer = exchange(
                        (&client, &heartbeat),
                        request,
                        destination,
                        body,
                        (id, &case),
                        (started, progress),
                        &recorder,
                    )
                    .await;
                    recorder.compute();
                    drop(under_way);
                    answer
                };
                Box::new(exchange)
            }
            Err(Refusal { reason, cause }) => {
                if let Some(cause) = cause {
                    recorder.blame(cause);
                }
                recorder.note(StepKind::Send {
                    target: String::new(),
                    method: parts.method.to_string(),
                    path: parts.uri.to_string(),
                    key: None,
                    body: String::new(),
                    status: None,
                    phases: None,
                    answer: None,
                    error: Some(reason),
                });
                Box::new(async {
                    tokio::time::sleep(DENIAL).await;
                    Err(Error::HttpRequestDenied)
                })
            }
        }
    }
}

async fn exchange(
    (client, heartbeat): (&Client, &Heartbeat),
    mut request: orbital_client::Request,
    destination: Destination,
    body: WasiBody,
    run: (uuid::Uuid, &CaseId),
    (started, progress): (Instant, Progress),
    recorder: &Recorder,
) -> Answer {
    let (target, method, path) = (request.target.clone(), request.method.clone(), request.path.clone());
    let mut began = started;
    let sent = async {
        let (whole, _kept) =
            read(body, recorder.meter()).await.map_err(orbital_client::SendError::Invalid)?;
        request.body = whole;
        let body = excerpt(&request.body);
        // Waits for requests of the component's other runs. This wait does not count as the system's time.
        let _turn = recorder.meter().quota().request().await;
        began = Instant::now();
        let ready = match destination {
            Destination::Target => client.prepare(request),
            Destination::Host { url, may_be_private } => {
                client.prepare_for_host(url, may_be_private, request)
            }
        };
        let answer = match ready {
            Ok(ready) => ready.send(run, heartbeat, progress).await,
            Err(error) => {
                tokio::time::sleep(DENIAL).await;
                Err(error)
            }
        };
        if let Ok(receipt) = &answer {
            // If this exceeds the budget, the run ends before the test gets the answer.
            let _ = recorder.meter().charge(Budget::ResponseBytes, receipt.body.len());
        }
        Ok((body, answer))
    };
    let (body, answer) = sent.await.unwrap_or_else(|error| (String::new(), Err(error)));
    if let Some(cause) = answer.as_ref().err().and_then(orbital_client::SendError::cause) {
        recorder.blame(cause);
    }
    let step = answered([target, method, path], None, body, &answer);
    recorder.note_since(began, step);
    let receipt = answer.map_err(guest_error)?;
    let mut response =
        http::Response::new(Full::new(receipt.body).map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() =
        http::StatusCode::from_u16(receipt.status).map_err(|_| Error::HttpProtocolError)?;
    *response.headers_mut() = receipt.headers;
    for name in [http::header::TRANSFER_ENCODING, http::header::CONNECTION] {
        response.headers_mut().remove(name);
    }
    let connection: Connection = Box::new(async { Ok(()) });
    Ok((response, connection))
}

/// Reads a complete body, which is counted while it is kept.
async fn read(body: WasiBody, meter: &Meter) -> Result<(Bytes, Loan), String> {
    let mut kept = meter.lend(Budget::HostMemory, 0).map_err(|breach| breach.to_string())?;
    let (mut body, mut whole) = (pin!(body), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| format!("the body broke off: {error}"))?;
        let Ok(chunk) = frame.into_data() else { continue };
        if whole.len() + chunk.len() > MAX_BODY {
            return Err(format!("the body has more than {MAX_BODY} bytes"));
        }
        kept.add(chunk.len()).map_err(|breach| breach.to_string())?;
        whole.extend_from_slice(&chunk);
    }
    Ok((whole.freeze(), kept))
}

/// Describes why no request is sent to a URL that does not belong to a target. If the manifest asks for a target that
/// is missing from the configuration, the URL may be that target's, so the operator has to act first.
fn denied(run: &RunParts, url: &Url, denial: &Denial) -> Refusal {
    let no_target = no_target(&run.client, url);
    let missing = run.access.asked_targets().find(|name| !run.client.has_target(name));
    let cause = match missing {
        Some(name) => {
            Cause::operator(format!("{no_target}; the component's manifest asks for the target `{name}`"))
        }
        None => Cause { what: format!("{no_target}. As a host of its own: {denial}"), ..denial.cause() },
    };
    Refusal { reason: cause.what.clone(), cause: Some(cause) }
}

fn no_target(client: &Client, url: &Url) -> String {
    format!(
        "`{}` is no target's: over `wasi:http` a test can send to `http://TARGET/…`, or to a target's own URL; {}",
        shown(&url.origin().ascii_serialization()),
        client.describe_targets()
    )
}

fn guest_error(error: orbital_client::SendError) -> Error {
    match error {
        orbital_client::SendError::UnknownTarget { .. }
        | orbital_client::SendError::Taken
        | orbital_client::SendError::Denied(_) => Error::HttpRequestDenied,
        orbital_client::SendError::Private(_) => Error::DestinationIpProhibited,
        orbital_client::SendError::Invalid(reason) | orbital_client::SendError::NoSecret(reason) => {
            Error::InternalError(Some(reason))
        }
        orbital_client::SendError::Unreachable { failure, reason } => match failure {
            Failure::Dns => Error::DnsError { rcode: Some(reason), info_code: None },
            Failure::Refused => Error::ConnectionRefused,
            Failure::ConnectTimeout => Error::ConnectionTimeout,
            Failure::Unroutable => Error::DestinationIpUnroutable,
            Failure::Certificate => Error::TlsCertificateError,
            Failure::Tls => Error::TlsProtocolError,
            Failure::Ended => Error::ConnectionTerminated,
            Failure::Protocol => Error::HttpProtocolError,
            Failure::Other => Error::DestinationUnavailable,
        },
        orbital_client::SendError::Local(reason) => Error::InternalError(Some(reason)),
        orbital_client::SendError::Timeout { .. } => Error::HttpResponseTimeout,
        orbital_client::SendError::TooLarge(limit) => Error::HttpResponseBodySize(Some(limit as u64)),
    }
}
