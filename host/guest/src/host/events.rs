use std::iter;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;
use orbital_client::Progress;
use orbital_model::{Budget, BudgetBreach};
use orbital_webhook::waiter::ExpectError;
use tokio::time::Instant;

use crate::activity::Activity;
use crate::bindings::orbital::test::deliveries::Header;
use crate::bindings::orbital::test::events::{Event, Host, HttpRequest, Receipt, SendError};
use crate::guest_state::GuestState;
use crate::host::deliveries::claim;
use crate::host::headers;
use crate::meter::Loan;
use crate::recorder::{Recorder, answered, excerpt};
use crate::run_parts::RunParts;

/// The most events of one `send-events` call that are in flight at once.
const CONCURRENT_EVENTS: usize = 16;

type Answer = Result<orbital_client::Receipt, orbital_client::SendError>;

impl Host for GuestState {
    async fn send_event(&mut self, event: Event) -> wasmtime::Result<Result<Receipt, SendError>> {
        let recorder = self.recorder.clone();
        let run = self.run("events.send-event")?;
        let _kept = admit(&recorder, std::slice::from_ref(&event))?;
        let claimed = claim_key(run, &recorder, &event)?;
        let progress = Progress::default();
        recorder.enter(sending(&recorder, &progress, &event.target, "POST", &event.path));
        let answer = send(run, &recorder, event, claimed, progress).await;
        recorder.compute();
        Ok(answer.map(receipt).map_err(send_error))
    }

    async fn send_events(&mut self, events: Vec<Event>) -> wasmtime::Result<Vec<Result<Receipt, SendError>>> {
        let recorder = self.recorder.clone();
        let run = self.run("events.send-events")?;
        let _kept = admit(&recorder, &events)?;
        // Claims all keys first, so that no delivery can arrive before its key is expected.
        let claimed: Vec<_> =
            events.iter().map(|event| claim_key(run, &recorder, event)).collect::<Result<_, _>>()?;
        let first = Progress::default();
        if let Some(event) = events.first() {
            recorder.enter(sending(&recorder, &first, &event.target, "POST", &event.path));
        }
        // For several events, the report shows the progress of the first one.
        let progresses = iter::once(first).chain(iter::repeat_with(Progress::default));
        let answers = events.into_iter().zip(claimed).zip(progresses);
        let answers =
            answers.map(|((event, claimed), progress)| send(run, &recorder, event, claimed, progress));
        let limits = recorder.meter().limits();
        let at_once = CONCURRENT_EVENTS.min(limits.of(Budget::RequestsInFlight) as usize);
        let answers: Vec<Answer> = stream::iter(answers).buffered(at_once).collect().await;
        recorder.compute();
        Ok(answers.into_iter().map(|answer| answer.map(receipt).map_err(send_error)).collect())
    }

    async fn request(&mut self, request: HttpRequest) -> wasmtime::Result<Result<Receipt, SendError>> {
        let HttpRequest { target, method, path, headers, body, timeout_ms } = request;
        let request = outgoing(target, method, path, headers, body, timeout_ms);
        let recorder = self.recorder.clone();
        let run = self.run("events.request")?;
        recorder.meter().charge(Budget::Requests, 1)?;
        let _kept = recorder.meter().lend(Budget::HostMemory, request.body.len())?;
        let progress = Progress::default();
        recorder.enter(sending(&recorder, &progress, &request.target, &request.method, &request.path));
        let answer = exchange(run, &recorder, None, request, progress).await;
        recorder.compute();
        Ok(answer.map(receipt).map_err(send_error))
    }
}

/// Counts events against the run's budgets. They are kept in memory until the returned loan is dropped.
fn admit(recorder: &Recorder, events: &[Event]) -> Result<Loan, BudgetBreach> {
    let meter = recorder.meter();
    meter.charge(Budget::Requests, events.len())?;
    meter.lend(Budget::HostMemory, events.iter().map(|event| event.body.len()).sum())
}

/// Claims the key of an event, if it has one.
fn claim_key(
    run: &RunParts,
    recorder: &Recorder,
    event: &Event,
) -> Result<Result<(), ExpectError>, BudgetBreach> {
    event.key.as_ref().map_or(Ok(Ok(())), |key| claim(run, recorder.meter(), key))
}

/// Sends an event whose key was claimed.
async fn send(
    run: &RunParts,
    recorder: &Recorder,
    event: Event,
    claimed: Result<(), ExpectError>,
    progress: Progress,
) -> Answer {
    let Event { target, key, path, headers, body, timeout_ms } = event;
    match claimed {
        Ok(()) => {
            let request = outgoing(target, "POST".to_owned(), path, headers, body, timeout_ms);
            exchange(run, recorder, Some(key), request, progress).await
        }
        Err(ExpectError::Taken) => Err(orbital_client::SendError::Taken),
        Err(ExpectError::Invalid(reason)) => Err(orbital_client::SendError::Invalid(reason.to_string())),
    }
}

/// Sends one request and records the answer. `event` is `Some` for an event, and contains the event's
/// key, if it has one.
async fn exchange(
    run: &RunParts,
    recorder: &Recorder,
    event: Option<Option<String>>,
    request: orbital_client::Request,
    progress: Progress,
) -> Answer {
    let (target, method, path) = (request.target.clone(), request.method.clone(), request.path.clone());
    let body = excerpt(&request.body);
    let meter = recorder.meter();
    // Waits for requests of the component's other runs. This wait does not count as the system's time.
    let _turn = meter.quota().request().await;
    let started = Instant::now();
    let ready = run.client.prepare(request).and_then(|ready| {
        run.access.target(&target, &method, &path)?;
        Ok(ready)
    });
    let sent = ready.is_ok();
    let answer = match ready {
        Ok(ready) => {
            if let Some(key) = &event {
                run.claims.sent(key.as_deref(), started);
            }
            let under_way = meter.lend(Budget::RequestsInFlight, 1);
            let id = (run.context.id, &run.context.case);
            let answer = ready.send(id, &run.heartbeat, progress).await;
            drop(under_way);
            answer
        }
        Err(error) => Err(error),
    };
    if let Some(cause) = answer.as_ref().err().and_then(orbital_client::SendError::cause) {
        recorder.blame(cause);
    }
    if let Ok(receipt) = &answer {
        // If this exceeds the budget, the run ends before the test gets the answer.
        let _ = meter.charge(Budget::ResponseBytes, receipt.body.len());
    }
    let step = answered([target, method, path], event.flatten(), body, &answer);
    // A request that was not sent has no duration.
    if sent {
        recorder.note_since(started, step)
    } else {
        recorder.note(step)
    }
    answer
}

fn sending(recorder: &Recorder, progress: &Progress, target: &str, method: &str, path: &str) -> Activity {
    Activity::Sending {
        target: target.to_owned(),
        method: method.to_owned(),
        path: path.to_owned(),
        since: recorder.clock().elapsed(),
        progress: progress.clone(),
    }
}

fn outgoing(
    target: String,
    method: String,
    path: String,
    headers: Vec<Header>,
    body: Vec<u8>,
    timeout_ms: Option<u32>,
) -> orbital_client::Request {
    orbital_client::Request {
        target,
        method,
        path,
        headers: headers.into_iter().map(|header| (header.name, header.value)).collect(),
        body: body.into(),
        timeout: timeout_ms.map(|timeout_ms| Duration::from_millis(timeout_ms.into())),
    }
}

fn receipt(receipt: orbital_client::Receipt) -> Receipt {
    Receipt {
        status: receipt.status,
        headers: headers(&receipt.headers),
        body: receipt.body.to_vec(),
        latency: receipt.latency.as_secs_f64(),
    }
}

fn send_error(error: orbital_client::SendError) -> SendError {
    match error {
        orbital_client::SendError::UnknownTarget { .. } => SendError::UnknownTarget(error.to_string()),
        orbital_client::SendError::Invalid(reason) | orbital_client::SendError::NoSecret(reason) => {
            SendError::Invalid(reason)
        }
        orbital_client::SendError::Denied(denial) => SendError::Invalid(denial.to_string()),
        orbital_client::SendError::Taken => SendError::Taken,
        orbital_client::SendError::Unreachable { reason, .. }
        | orbital_client::SendError::Local(reason)
        | orbital_client::SendError::Private(reason) => SendError::Unreachable(reason),
        orbital_client::SendError::Timeout { .. } => SendError::Timeout,
        orbital_client::SendError::TooLarge(limit) => {
            SendError::TooLarge(u32::try_from(limit).unwrap_or(u32::MAX))
        }
    }
}
