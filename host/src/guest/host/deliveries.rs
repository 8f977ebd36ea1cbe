use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use super::headers;
use crate::guest::bindings::orbital::test::deliveries::{
    Delivery, ExpectError, ExpectOptions, Host, WaitError,
};
use crate::guest::budget::BudgetBreach;
use crate::guest::recorder::{Activity, Happening, excerpt};
use crate::guest::session::{RunParts, Session};
use crate::waiter::{self, Arrived, Overflow};

impl Host for Session {
    async fn new_id(&mut self) -> wasmtime::Result<String> {
        self.run("deliveries.new-id")?;
        let key = waiter::new_key();
        self.recorder.note(Happening::NewId { key: key.clone() });
        Ok(key)
    }

    async fn expect(
        &mut self,
        key: String,
        options: ExpectOptions,
    ) -> wasmtime::Result<Result<(), ExpectError>> {
        let run = self.run("deliveries.expect")?;
        if !options.replies.is_empty() {
            return Err(wasmtime::Error::msg(
                "`expect` was given planned replies, which this version of the host does not act on yet",
            ));
        }
        let result = claim(run, &key)?;
        let error = result.as_ref().err().map(ToString::to_string);
        self.recorder.note(Happening::Expect { key, error });
        Ok(result.map_err(|error| match error {
            waiter::ExpectError::Taken => ExpectError::Taken,
            waiter::ExpectError::Invalid(reason) => ExpectError::InvalidKey(reason.to_string()),
        }))
    }

    async fn wait_for(
        &mut self,
        key: String,
        timeout_ms: Option<u32>,
    ) -> wasmtime::Result<Result<Delivery, WaitError>> {
        let result = self.wait(vec![key], 1, timeout_ms).await?;
        // One was asked for, so an answer that is no error has one.
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

impl Session {
    async fn wait(
        &mut self,
        keys: Vec<String>,
        n: u32,
        timeout_ms: Option<u32>,
    ) -> wasmtime::Result<Result<Vec<Delivery>, WaitError>> {
        let run = self.run("deliveries.wait-for")?;
        let mut seen = HashSet::new();
        let keys: Vec<String> = keys.into_iter().filter(|key| seen.insert(key.clone())).collect();
        if n == 0 || keys.is_empty() {
            return Ok(Err(WaitError::NothingToWaitFor));
        }
        for key in &keys {
            match claim(run, key)? {
                Ok(()) => {}
                Err(waiter::ExpectError::Taken) => return Ok(Err(WaitError::Taken)),
                Err(waiter::ExpectError::Invalid(reason)) => {
                    return Ok(Err(WaitError::InvalidKey(reason.to_string())));
                }
            }
        }
        let (claims, received) = (run.claims.clone(), run.waiter.count());
        let since = self.recorder.clock().elapsed();
        let entered = self.recorder.enter(Activity::Waiting { keys: keys.clone(), n, since, received });
        let next = claims.next(&keys, n as usize);
        let result = match timeout_ms {
            None => Ok(next.await),
            Some(timeout_ms) => tokio::time::timeout(Duration::from_millis(timeout_ms.into()), next).await,
        };
        let result = match result {
            Ok(Ok(arrived)) => Ok(arrived),
            Ok(Err(Overflow(dropped))) => Err(WaitError::Overflow(dropped)),
            Err(_) => Err(WaitError::Timeout),
        };
        let error = result.as_ref().err().map(|error| match error {
            WaitError::Overflow(dropped) => format!("{dropped} deliveries were dropped: the queue was full"),
            _ => "timeout".to_owned(),
        });
        self.recorder.leave(entered, Happening::Wait { keys, n, timeout_ms, error });
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
            headers: headers(&delivery.headers),
            body: delivery.body.to_vec(),
            received_at: received_at.as_secs_f64(),
            latency: arrived.latency.map(|latency| latency.as_secs_f64()),
        }
    }
}

impl crate::guest::Recorder {
    /// Notes a delivery at the moment of its receipt.
    pub fn note_delivery(&self, arrived: &Arrived, taken: bool) {
        let delivery = &arrived.delivery;
        self.note_at(
            delivery.received,
            Happening::Delivery {
                key: arrived.key.to_string(),
                method: delivery.method.to_string(),
                path: delivery.path.clone(),
                body: excerpt(&delivery.body),
                latency: arrived.latency,
                taken,
            },
        );
    }
}

/// Claims a key within the run's budget.
pub(super) fn claim(run: &RunParts, key: &str) -> Result<Result<(), waiter::ExpectError>, BudgetBreach> {
    if !run.claims.has(key) {
        BudgetBreach::check("expectations", run.budget.expectations, run.claims.len() + 1)?;
    }
    Ok(run.claims.expect(key))
}
