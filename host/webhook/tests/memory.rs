//! Checks that the bytes that the waiter counts are those that it uses. They are measured from outside, so this is a
//! separate process with a single test: nothing else may allocate at the same time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use orbital_config::secrets::Masker;
use orbital_webhook::waiter::{Delivery, Disposition, Scope, Waiter, WaiterSettings};
use tokio::time::Instant;
use uuid::Uuid;

const ALLOWED: usize = 16 << 20;

/// The approximate size of a connection's buffer, which received data is a part of.
const BUFFER: usize = 8 << 10;

/// The sizes of deliveries: number and length of headers, length of the body.
const SIZES: [(usize, usize, usize); 4] = [(1, 8, 0), (8, 30, 300), (60, 100, 20), (5, 20, 50_000)];

fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

fn delivery((headers, length, body): (usize, usize, usize)) -> Delivery {
    let buffer = Bytes::from(vec![b'x'; BUFFER]);
    let mut map = HeaderMap::new();
    for number in 0..headers {
        let name = HeaderName::try_from(format!("x-{number}")).unwrap();
        map.append(name, HeaderValue::from_maybe_shared(buffer.slice(..length)).unwrap());
    }
    Delivery {
        method: Method::POST,
        path: "/hooks/crm".to_owned(),
        query: String::new(),
        headers: map,
        order: None,
        body: vec![b'x'; body].into(),
        proven: false,
        answered: None,
        received: Instant::now(),
        received_at: SystemTime::now(),
    }
}

/// Returns settings with minimal limits.
fn little() -> WaiterSettings {
    WaiterSettings {
        early_bytes: 0,
        queue_bytes: 0,
        queue_per_key: usize::MAX,
        early_count: usize::MAX,
        recent_count: usize::MAX,
        recent_bytes: 0,
        ..WaiterSettings::default()
    }
}

#[test]
fn what_is_counted_is_what_is_taken() {
    type Fill = fn(&std::sync::Arc<Waiter>, (usize, usize, usize));
    let queue: Fill = |waiter, size| {
        let claims = waiter.claims(Uuid::now_v7(), Scope::ALL);
        claims.expect("key").unwrap();
        while waiter.deliver(None, "key", delivery(size), Vec::new()).0 == Disposition::Matched {}
        std::mem::forget(claims);
    };
    let early: Fill = |waiter, size| {
        while waiter.count().of(Disposition::Overflow) == 0 {
            let key = Uuid::now_v7().to_string();
            waiter.deliver(None, &key, delivery(size), Vec::new());
        }
    };
    let recent: Fill = |waiter, size| {
        // When the first one has been dropped, the limit is reached.
        loop {
            for _ in 0..100 {
                waiter.without_key(None, delivery(size), Vec::new());
            }
            if waiter.received(usize::MAX, |one| one.number == 1).is_empty() {
                break;
            }
        }
    };
    let stores = [
        ("queue", queue, WaiterSettings { queue_bytes: ALLOWED, ..little() }),
        ("early", early, WaiterSettings { early_bytes: ALLOWED, ..little() }),
        ("recent", recent, WaiterSettings { recent_bytes: ALLOWED, ..little() }),
    ];
    // All of them are kept, so that none reuses the memory of another one.
    let mut waiters = Vec::new();
    for (name, fill, settings) in stores {
        for size in SIZES {
            let waiter = Waiter::new(settings.clone(), Masker::default());
            let before = resident();
            fill(&waiter, size);
            let taken = (resident() - before) as f64 / ALLOWED as f64;
            println!("{name} {size:?}: {taken:.2} of what is allowed");
            assert!((1.0 / 1.5..1.5).contains(&taken), "{name} {size:?}: {taken:.2} of what is allowed");
            waiters.push(waiter);
        }
    }
}
