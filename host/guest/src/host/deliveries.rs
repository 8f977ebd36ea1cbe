use std::collections::HashSet;
use std::pin::pin;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, StatusCode, header};
use orbital_client::{MAX_HEADERS, header_value, too_many_headers};
use orbital_model::describe::counted;
use orbital_model::text::shown;
use orbital_model::{Budget, BudgetBreach, StepKind};
use orbital_webhook::waiter;
use orbital_webhook::waiter::{Arrived, Overflow, PlannedReply};

use crate::activity::Activity;
use crate::bindings::orbital::test::deliveries as contract;
use crate::bindings::orbital::test::deliveries::{
    Delivery, ExpectError, ExpectOptions, Header, Host, WaitError,
};
use crate::guest_state::GuestState;
use crate::host::headers;
use crate::meter::Meter;
use crate::recorder::excerpt;
use crate::run_parts::RunParts;

impl Host for GuestState {
    async fn new_id(&mut self) -> wasmtime::Result<String> {
        self.run("deliveries.new-id")?;
        let key = waiter::new_key();
        self.recorder.note(StepKind::NewId { key: key.clone() });
        Ok(key)
    }

    async fn expect(
        &mut self,
        key: String,
        options: ExpectOptions,
    ) -> wasmtime::Result<Result<(), ExpectError>> {
        let run = self.run("deliveries.expect")?;
        let result = match read_replies(options.replies) {
            Err(reason) => Err(ExpectError::InvalidReply(reason)),
            Ok(replies) => {
                // The replies are kept until the run ends, or until the test plans other ones for the key.
                let size = replies.iter().map(size).sum();
                self.meter().charge(Budget::HostMemory, size)?;
                match claim(run, self.meter(), &key)? {
                    Ok(()) => {
                        run.claims.plan(&key, replies);
                        Ok(())
                    }
                    Err(waiter::ExpectError::Taken) => Err(ExpectError::Taken),
                    Err(waiter::ExpectError::Invalid(reason)) => {
                        Err(ExpectError::InvalidKey(reason.to_string()))
                    }
                }
            }
        };
        let error = result.as_ref().err().map(|error| match error {
            ExpectError::Taken => "another run expects it".to_owned(),
            ExpectError::InvalidKey(reason) | ExpectError::InvalidReply(reason) => reason.clone(),
        });
        self.recorder.note(StepKind::Expect { key, error });
        Ok(result)
    }

    async fn wait_for(
        &mut self,
        key: String,
        timeout_ms: Option<u32>,
    ) -> wasmtime::Result<Result<Delivery, WaitError>> {
        let result = self.wait(vec![key], 1, timeout_ms).await?;
        // One delivery was requested, so a result that is not an error has one.
        Ok(result.and_then(|mut deliveries| deliveries.pop().ok_or(WaitError::Timeout)))
    }

    async fn wait_n(
        &mut self,
        keys: Vec<String>,
        n: u32,
        timeout_ms: Option<u32>,
    ) -> wasmtime::Result<Result<Vec<Delivery>, WaitError>> {
        self.wait(keys, n, timeout_ms).await
    }
}

impl GuestState {
    async fn wait(
        &mut self,
        keys: Vec<String>,
        n: u32,
        timeout_ms: Option<u32>,
    ) -> wasmtime::Result<Result<Vec<Delivery>, WaitError>> {
        let run = self.run("deliveries.wait-for")?;
        // Checked first, because looking through a list without a limit would take long.
        self.meter().check(Budget::Expectations, keys.len() as u64)?;
        let mut seen = HashSet::new();
        let keys: Vec<String> = keys.into_iter().filter(|key| seen.insert(key.clone())).collect();
        if n == 0 || keys.is_empty() {
            return Ok(Err(WaitError::NothingToWaitFor));
        }
        for key in &keys {
            match claim(run, self.meter(), key)? {
                Ok(()) => {}
                Err(waiter::ExpectError::Taken) => return Ok(Err(WaitError::Taken)),
                Err(waiter::ExpectError::Invalid(reason)) => {
                    return Ok(Err(WaitError::InvalidKey(reason.to_string())));
                }
            }
        }
        let claims = run.claims.clone();
        let since = self.recorder.clock().elapsed();
        let entered = self.recorder.enter(Activity::Waiting { keys: keys.clone(), n, since });
        let result = {
            let next = pin!(claims.next(&keys, n as usize));
            match timeout_ms {
                None => Ok(next.await),
                Some(timeout_ms) => {
                    let limit = Duration::from_millis(timeout_ms.into());
                    run.heartbeat.timeout(limit, next).await.ok_or(WaitError::Timeout)
                }
            }
        };
        let result = match result {
            Ok(Ok(arrived)) => Ok(arrived),
            Ok(Err(Overflow(dropped))) => Err(WaitError::Overflow(dropped)),
            Err(error) => Err(error),
        };
        let error = result.as_ref().err().map(|error| match error {
            WaitError::Overflow(dropped) => {
                format!("the queue was full: it dropped {}", counted((*dropped).into(), "delivery"))
            }
            _ => "timeout".to_owned(),
        });
        self.recorder.leave(entered, StepKind::Wait { keys, n, timeout_ms, error });
        Ok(result.map(|arrived| arrived.into_iter().map(|one| self.hand_over(one)).collect()))
    }

    fn hand_over(&self, arrived: Arrived) -> Delivery {
        let delivery = &arrived.delivery;
        self.recorder.note_delivery(&arrived, true);
        let received_at = delivery.received_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Delivery {
            key: arrived.key.to_string(),
            method: delivery.method.to_string(),
            path: delivery.path.clone(),
            query: delivery.query.clone(),
            headers: headers(delivery.headers()),
            body: delivery.body.to_vec(),
            received_at: received_at.as_secs_f64(),
            latency: arrived.latency.map(|latency| latency.as_secs_f64()),
        }
    }
}

impl crate::Recorder {
    /// Records a delivery at the moment when it was received.
    pub fn note_delivery(&self, arrived: &Arrived, taken: bool) {
        let delivery = &arrived.delivery;
        self.note_at(
            delivery.received,
            StepKind::Delivery {
                key: arrived.key.to_string(),
                method: delivery.method.to_string(),
                path: delivery.path.clone(),
                body: excerpt(&delivery.body),
                latency: arrived.latency,
                answered: delivery.answered.map(|(status, _)| status.as_u16()),
                answered_after: delivery.answered.map(|(_, delay)| delay).filter(|delay| !delay.is_zero()),
                taken,
            },
        );
    }
}

/// Claims a key within the run's budget.
pub(super) fn claim(
    run: &RunParts,
    meter: &Meter,
    key: &str,
) -> Result<Result<(), waiter::ExpectError>, BudgetBreach> {
    if !run.claims.has(key) {
        meter.check(Budget::Expectations, run.claims.len() as u64 + 1)?;
    }
    Ok(run.claims.expect(key))
}

/// Returns the size of a reply, in bytes.
fn size(reply: &PlannedReply) -> usize {
    let headers = reply.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
    headers.sum::<usize>() + reply.body.len()
}

/// The most replies that can be planned for a key.
const MAX_REPLIES: usize = 32;

/// The longest delay of a reply, in milliseconds.
const MAX_DELAY_MS: u32 = 60_000;

/// The largest body of a reply, in bytes.
const MAX_REPLY_BODY: usize = 64 << 10;

/// Headers that the server sets itself, because they frame the reply.
const FRAMING: [HeaderName; 4] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::UPGRADE];

fn read_replies(replies: Vec<contract::PlannedReply>) -> Result<Vec<PlannedReply>, String> {
    if replies.len() > MAX_REPLIES {
        return Err(format!("{} replies are planned; at most {MAX_REPLIES} are allowed", replies.len()));
    }
    let read = |(index, reply)| read_reply(reply).map_err(|reason| format!("reply {}: {reason}", index + 1));
    replies.into_iter().enumerate().map(read).collect()
}

fn read_reply(reply: contract::PlannedReply) -> Result<PlannedReply, String> {
    let contract::PlannedReply { status, delay_ms, headers, body } = reply;
    let code = StatusCode::from_u16(status).ok().filter(|_| (200..600).contains(&status));
    let status = code.ok_or_else(|| format!("the status {status} is not between 200 and 599"))?;
    if delay_ms > MAX_DELAY_MS {
        return Err(format!("the delay of {delay_ms} ms is longer than {MAX_DELAY_MS} ms"));
    }
    if body.len() > MAX_REPLY_BODY {
        return Err(format!("the body has {} bytes; at most {MAX_REPLY_BODY} are allowed", body.len()));
    }
    if headers.len() > MAX_HEADERS {
        return Err(too_many_headers(headers.len()));
    }
    let mut map = HeaderMap::new();
    for Header { name, value } in headers {
        let parsed = HeaderName::try_from(name.as_str()).ok().filter(|name| !FRAMING.contains(name));
        let parsed = parsed.ok_or_else(|| format!("the header `{}` cannot be set", shown(&name)))?;
        let value = header_value(&value).ok_or_else(|| {
            format!("the value of the header `{}` has a control character or one above U+00FF", shown(&name))
        })?;
        map.append(parsed, value);
    }
    Ok(PlannedReply {
        status,
        delay: Duration::from_millis(delay_ms.into()),
        headers: map,
        body: body.into(),
    })
}
