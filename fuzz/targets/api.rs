//! Whatever query comes to the API and to the pages, it is answered: with data, or with what is wrong about it.
//!
//! The first byte chooses the path, the rest is the query as it is sent.
#![no_main]

use std::sync::LazyLock;

use http::{StatusCode, Uri};
use libfuzzer_sys::{Corpus, fuzz_target};
use orbital_host::fuzzing::{Router, ask, private_listener};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Everything that takes a query and comes to an end.
const PATHS: [&str; 20] = [
    "/api/v1/cases",
    "/api/v1/cases/shop/smoke",
    "/api/v1/cases/shop/smoke/series",
    "/api/v1/compare",
    "/api/v1/components",
    "/api/v1/components/shop",
    "/api/v1/config",
    "/api/v1/deliveries",
    "/api/v1/history",
    "/api/v1/pauses",
    "/api/v1/runs",
    "/api/v1/runs/0198c0de-0000-7000-8000-000000000000",
    "/api/v1/stats",
    "/",
    "/cases/shop/smoke",
    "/compare",
    "/components/shop",
    "/runs",
    "/sign-in",
    "/webhook",
];

static HOST: LazyLock<(Runtime, Router)> = LazyLock::new(|| {
    let directory = std::env::temp_dir().join(format!("orbital-fuzz-{}", std::process::id()));
    std::fs::create_dir_all(directory.join("state")).expect("a directory for the history can be made");
    // Threads go on while the fuzzer thinks.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime starts");
    let listener = runtime.block_on(private_listener(&directory));
    (runtime, listener)
});

fuzz_target!(|data: &[u8]| -> Corpus {
    let Some((path, query)) = data.split_first() else { return Corpus::Reject };
    let path = PATHS[usize::from(*path) % PATHS.len()];
    let Ok(uri) = Uri::try_from([path.as_bytes(), b"?", query].concat()) else { return Corpus::Reject };
    let (runtime, listener) = &*HOST;
    let (status, body) = runtime.block_on(ask(listener, uri));
    let is_known = [
        StatusCode::OK,
        StatusCode::SEE_OTHER,
        StatusCode::BAD_REQUEST,
        StatusCode::NOT_FOUND,
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
    ];
    assert!(is_known.contains(&status), "{path}: {status}");
    if path.starts_with("/api/") {
        let answer: Value = serde_json::from_slice(&body).expect("the answer is JSON");
        assert!(status == StatusCode::OK || answer["status"] == status.as_u16(), "{path}: {answer}");
    }
    Corpus::Keep
});
