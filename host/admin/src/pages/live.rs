//! `/live`: changes, as they happen. A page that receives one fetches its content again.
//!
//! | event | data | what has changed |
//! | --- | --- | --- |
//! | `case` | its id, and that of a run if the change is about one | a case |
//! | `deliveries` | | the requests that the webhook received |
//! | `all` | | anything |

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Extension, Router};
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};
use orbital_listener::GoesOn;
use orbital_report::LiveUpdate;
use orbital_run::registry::Snapshot;
use orbital_run::scheduler::Pauses;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::ConfigStatus;
use crate::problem::Problem;
use crate::{Admin, Guard};

/// The maximum number of pages that are kept up to date at once.
const STREAMS: usize = 64;

/// The maximum duration of a stream. A browser then opens another one, so that a stream that nobody reads ends.
const LIFETIME: Duration = Duration::from_secs(600);

/// The interval of messages that keep a stream without events alive.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The minimum interval between two events about deliveries: a webhook may receive thousands of requests in a second.
const ARRIVALS_APART: Duration = Duration::from_millis(500);

/// The path of the stream.
pub(super) const PATH: &str = "/live";

pub(super) fn routes() -> Router<Admin> {
    Router::new().route(PATH, get(follow)).layer(Extension(Arc::new(Semaphore::new(STREAMS))))
}

async fn follow(
    State(admin): State<Admin>,
    Extension(places): Extension<Arc<Semaphore>>,
    headers: HeaderMap,
) -> Response {
    let mut revocations = admin.guard.revocations();
    revocations.mark_unchanged();
    let Some(admission) = admin.guard.admission(&headers) else {
        // The token or session was revoked after the request was let in.
        return Problem::new(StatusCode::UNAUTHORIZED, "the token or session is not valid any more")
            .into_response();
    };
    let Ok(place) = places.try_acquire_owned() else {
        let detail = format!("{STREAMS} pages are kept up to date already; this one is not");
        let mut problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail);
        problem.header = Some((header::RETRY_AFTER, http::HeaderValue::from_static("30")));
        return problem.into_response();
    };
    let Admin { mut deployed, mut config, .. } = admin.clone();
    deployed.mark_unchanged();
    config.mark_unchanged();
    let end = Instant::now() + LIFETIME;
    let follower = Follower {
        changes: admin.live.subscribe(),
        deployed,
        config,
        pauses: admin.pauses.subscribe(),
        arrivals: admin.waiter.arrivals(),
        quiet_until: Instant::now(),
        end: admission.until.map_or(end, |until| until.min(end)),
        headers,
        guard: admin.guard,
        revocations,
        close: admin.close,
        _place: place,
    };
    let events = stream::unfold(follower, |mut follower| async {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(event), follower))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    response.extensions_mut().insert(GoesOn(LIFETIME));
    response
}

/// A page that is kept up to date.
struct Follower {
    changes: broadcast::Receiver<LiveUpdate>,
    deployed: watch::Receiver<Arc<Snapshot>>,
    config: watch::Receiver<ConfigStatus>,
    pauses: watch::Receiver<Arc<Pauses>>,
    arrivals: watch::Receiver<()>,
    /// No event about deliveries is sent before this time.
    quiet_until: Instant,
    end: Instant,
    /// The headers of the page's request, with its token or session.
    headers: HeaderMap,
    guard: Arc<Guard>,
    revocations: watch::Receiver<()>,
    close: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Follower {
    /// Returns the next event; none if the stream is over.
    async fn next(&mut self) -> Option<Event> {
        let arrived = async {
            tokio::time::sleep_until(self.quiet_until).await;
            self.arrivals.changed().await
        };
        tokio::select! {
            () = self.close.cancelled() => None,
            () = revoked(&self.guard, &self.headers, &mut self.revocations) => None,
            () = tokio::time::sleep_until(self.end) => None,
            change = self.changes.recv() => match change {
                Ok(LiveUpdate { case, run: Some(run) }) => Some(event("case", &format!("{case} {}", run.simple()))),
                Ok(LiveUpdate { case, run: None }) => Some(event("case", &case)),
                Err(RecvError::Lagged(_)) => Some(event("all", "-")),
                Err(RecvError::Closed) => None,
            },
            Ok(()) = self.deployed.changed() => Some(event("all", "-")),
            Ok(()) = self.config.changed() => Some(event("all", "-")),
            Ok(()) = self.pauses.changed() => Some(event("all", "-")),
            Ok(()) = arrived => {
                self.quiet_until = Instant::now() + ARRIVALS_APART;
                Some(event("deliveries", "-"))
            }
        }
    }
}

/// Waits until the token or session of a request is no longer valid.
async fn revoked(guard: &Guard, headers: &HeaderMap, revocations: &mut watch::Receiver<()>) {
    while guard.admission(headers).is_some() {
        // The guard exists, so its channel is open.
        let _ = revocations.changed().await;
    }
}

/// Creates an event. The ids have no line breaks, the only characters that cannot be sent. Browsers ignore an event
/// without data.
fn event(name: &str, data: &str) -> Event {
    Event::default().event(name).data(data)
}
