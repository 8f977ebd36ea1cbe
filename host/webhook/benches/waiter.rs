//! Expecting, delivering and taking.
#![allow(missing_docs, reason = "a benchmark has no documentation")]

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use divan::Bencher;
use http::{HeaderMap, HeaderValue, Method};
use orbital_config::secrets::Masker;
use orbital_model::counted;
use orbital_webhook::waiter::{Claims, Delivery, Scope, Waiter, WaiterSettings};
use tokio::time::Instant;
use uuid::Uuid;

fn main() {
    divan::main();
}

/// A run that expects a key, and takes its delivery, next to others that wait.
#[divan::bench(args = [0, 10_000])]
fn expect_deliver_take(bencher: Bencher<'_, '_>, others: usize) {
    let waiter = Waiter::new(WaiterSettings::default(), Masker::default());
    let _others: Vec<_> = (0..others).map(|number| expecting(&waiter, &format!("other-{number}"))).collect();
    let keys = ["0bb0a1c45e6f47f0".to_owned()];
    bencher.with_inputs(delivery).bench_local_values(|delivery| {
        counted(|| {
            let claims = expecting(&waiter, &keys[0]);
            let delivered = waiter.deliver(None, &keys[0], delivery, Vec::new());
            (delivered, claims.take(&keys, 1))
        })
    });
}

/// A delivery that no run expects, with one of 64 keys.
#[divan::bench]
fn deliver_without_waiter(bencher: Bencher<'_, '_>) {
    let waiter = Waiter::new(WaiterSettings::default(), Masker::default());
    let keys: Vec<_> = (0..64).map(|number| format!("key-{number}")).collect();
    let mut next = keys.iter().cycle();
    bencher
        .with_inputs(|| (delivery(), next.next().map_or("", String::as_str)))
        .bench_local_values(|(delivery, key)| counted(|| waiter.deliver(None, key, delivery, Vec::new())));
}

fn expecting(waiter: &Arc<Waiter>, key: &str) -> Claims {
    let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
    claims.expect(key).unwrap_or_else(|error| panic!("`{key}`: {error:?}"));
    claims
}

fn delivery() -> Delivery {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("content-length", HeaderValue::from_static("300"));
    headers.insert("host", HeaderValue::from_static("127.0.0.1:8710"));
    Delivery {
        method: Method::POST,
        path: "/hooks/bench".to_owned(),
        query: String::new(),
        headers,
        order: None,
        body: Bytes::from(vec![b'x'; 300]),
        proven: false,
        answered: None,
        received: Instant::now(),
        received_at: SystemTime::now(),
    }
}
