//! Entry points for the fuzzers in `fuzz/` to internals that are private otherwise. The module exists only in builds of
//! `cargo fuzz`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use orbital_admin::{Access, Admin, ConfigStatus, Guard};
use orbital_config::secrets::{Masker, Secrets};
use orbital_config::{Mistake, Setting, parse};
use orbital_guest::{Code, ContractError, GuestEngine, Metadata};
use orbital_history::History;
use orbital_listener::{Acceptor, Acceptors, App};
use orbital_report::output::{Output, Outputs};
use orbital_report::{Console, Journal, Live, MetricsSink, Reporter};
use orbital_run::dispatcher::Dispatcher;
use orbital_run::pausing::PauseBook;
use orbital_run::registry::{Snapshot, TrustSettings};
use orbital_webhook::{KeyPlace, Pointer, Webhook};

pub use axum::Router;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{HeaderMap, Request, StatusCode, Uri};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tower_service::Service as _;

use crate::foundation::{Foundation, environments, policy};
use crate::settings::Settings;

/// Reads a configuration, and returns where each value comes from.
///
/// # Errors
/// All mistakes in the configuration.
pub fn settings(text: &str, base: &Path) -> Result<(Settings, Vec<Setting>), Vec<Mistake>> {
    parse(text, |root| Settings::read(root, base))
}

/// Returns secrets with these values, by name.
pub fn secrets<'a>(values: impl IntoIterator<Item = (&'a str, &'a str)>) -> Secrets {
    let values = values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned().into()));
    Secrets::of(values.collect::<BTreeMap<_, _>>())
}

/// Returns the place in a JSON body that a pointer refers to.
///
/// # Errors
/// The text is not a valid pointer.
pub fn json(pointer: &str) -> Result<KeyPlace, String> {
    Pointer::parse(pointer).map(KeyPlace::Json)
}

/// Returns the first key that is found in these places.
pub fn key(places: &[KeyPlace], headers: &HeaderMap, path: &str, query: &str, body: &[u8]) -> Option<String> {
    orbital_webhook::extract(places, headers, path, query, body).key.map(Into::into)
}

/// Returns the status of the webhook's answer to a request.
pub async fn answer(webhook: &Arc<Webhook>, request: Request<Bytes>) -> StatusCode {
    (webhook.app().answer)(request.map(Body::from), IpAddr::V4(Ipv4Addr::LOCALHOST)).await.status()
}

/// Serves a connection to its end, as a listener does.
pub async fn attend(
    acceptor: &Arc<Acceptor>,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    app: App,
) {
    let place = acceptor.enter(IpAddr::V4(Ipv4Addr::LOCALHOST)).await;
    acceptor.clone().attend(stream, place.expect("there is a place"), app, CancellationToken::new()).await;
}

/// Returns the private listener of a host without components, whose history is in this directory.
pub async fn private_listener(directory: &Path) -> Router {
    const STARTED: &str = "a host without components starts";
    let toml = "[webhook]\nlisten = \"127.0.0.1:0\"\n[environments.a]\nurl = \"http://127.0.0.1:1\"\ntimeout = \"1ms\"\n";
    let (settings, _) = self::settings(toml, directory).expect("the settings are good");
    let (secrets, masker, now) = (Secrets::default(), Masker::default(), SystemTime::now());
    let Foundation { waiter, runner, webhook } =
        Foundation::lay(&settings, &secrets, &masker).await.expect(STARTED);
    let acceptors = Acceptors { webhook: webhook.acceptor().clone(), admin: webhook.acceptor().clone() };
    let output = || Output::start("fuzz", Duration::ZERO, std::io::sink(), |_| String::new()).expect(STARTED);
    let outputs = Outputs { stdout: output(), stderr: output() };
    let guests = Handle::current();
    let runtimes = [("host", guests.clone()), ("guests", guests.clone())];
    let metrics = MetricsSink::new(waiter.clone(), acceptors.clone(), runtimes, outputs.clone());
    let journal = Journal::new(settings.fixed.journal.clone());
    let history = History::start(settings.history(), || metrics.history_batches()).await.expect(STARTED);
    let (live, console) = (Live::new(), Console::new(outputs.stdout, true));
    let reporter = Reporter::new(metrics.clone(), journal.clone(), history.clone(), live.clone(), console);
    let pauses = Arc::new(PauseBook::open(None).expect(STARTED));
    let (scheduler, scheduling) = watch::channel(settings.live.scheduler.clone());
    let (dispatcher, dispatcher_handle) = Dispatcher::new(
        settings.fixed.scheduler,
        scheduling,
        pauses.subscribe(),
        runner.clone(),
        Arc::new(reporter),
        guests,
    );
    let snapshot = Snapshot { ready: true, ..Snapshot::default() };
    let (deploying, deployed) = watch::channel(Arc::new(snapshot));
    let (dispatched, close) = (deployed.clone(), CancellationToken::new());
    let until = close.clone();
    tokio::spawn(async move {
        dispatcher.run(dispatched, until).await;
        drop((scheduler, deploying));
    });
    let path = directory.join("orbital.toml");
    let config = ConfigStatus { path, loaded_at: now, failure: None, at_next_start: Vec::new() };
    let environments =
        environments(&settings.live.environments, &secrets).expect("the environments are good");
    let access =
        Access::new(&settings.fixed.admin, &settings.live.admin, &secrets).expect("there is no token");
    orbital_admin::router(Admin {
        deployed,
        policy: policy(&settings).subscribe(),
        config: watch::channel(config).1,
        environments: watch::channel(environments).1,
        metrics,
        acceptors,
        runner,
        journal,
        history,
        waiter,
        pauses,
        dispatcher: dispatcher_handle,
        guard: Guard::new(access),
        live,
        started: now,
        close,
    })
}

/// Sends a request to the private listener, and returns the status and the whole body.
pub async fn ask(router: &Router, uri: Uri) -> (StatusCode, Bytes) {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    let answer = router.clone().call(request).await.unwrap_or_else(|never| match never {});
    let status = answer.status();
    (status, to_bytes(answer.into_body(), usize::MAX).await.expect("a body that is made here comes"))
}

/// Returns the number of bytes of bodies that the webhook holds.
pub fn held(webhook: &Webhook) -> usize {
    webhook.held()
}

/// Returns the metadata of a component.
///
/// # Errors
/// The bytes are not a component, or it is not for this host.
pub fn inspect(bytes: &[u8]) -> Result<Metadata, ContractError> {
    orbital_guest::inspect(bytes)
}

/// Checks whether a component is small enough to be compiled.
///
/// # Errors
/// The component is too large, or cannot be read.
pub fn check_dimensions(bytes: &[u8]) -> Result<(), ContractError> {
    orbital_guest::check_dimensions(bytes)
}

/// Returns who vouches for a component with this signature file.
///
/// # Errors
/// Nobody vouches for it.
pub fn vouched(trust: &TrustSettings, bytes: &[u8], beside: Option<&[u8]>) -> Result<String, String> {
    trust.check("component", bytes, "digest", beside).map_err(|error| error.to_string())
}

/// Loads machine code, and links it with the imports that tests can have.
///
/// # Errors
/// The machine code is not that of a test.
pub fn link(engine: &GuestEngine, machine_code: &[u8], code: Code) -> Result<(), String> {
    engine.link(machine_code, code).map(drop).map_err(|error| error.to_string())
}
