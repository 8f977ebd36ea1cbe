//! Finding the key of a delivery.
#![allow(missing_docs, reason = "a benchmark has no documentation")]

use divan::{Bencher, black_box};
use http::{HeaderMap, HeaderName, HeaderValue};
use orbital_model::counted;
use orbital_webhook::{KeyPlace, Pointer, extract};

/// As many other fields as a typical event has.
const FIELDS: usize = 20;

fn main() {
    divan::main();
}

/// The first and the last field of an object.
#[divan::bench(args = [0, FIELDS])]
fn json(bencher: Bencher<'_, '_>, before: usize) {
    let field = |number| format!(r#""field{number}":{{"name":"value {number}","tags":["a","b"]}}"#);
    let mut fields: Vec<String> = (0..FIELDS).map(field).collect();
    fields.insert(before, r#""id":"0bb0a1c45e6f47f0""#.to_owned());
    let body = format!("{{{}}}", fields.join(","));
    find(bencher, place("/id"), &body);
}

/// A field in a list of objects, as batches have it.
#[divan::bench]
fn nested_json(bencher: Bencher<'_, '_>) {
    let body = r#"{"batch":[{"type":"track","properties":{"messageId":"0bb0a1c45e6f47f0"}}],"sent":true}"#;
    find(bencher, place("/batch/0/properties/messageId"), body);
}

#[divan::bench]
fn header(bencher: Bencher<'_, '_>) {
    find(bencher, KeyPlace::Header(HeaderName::from_static("orbital-key")), "{}");
}

#[divan::bench]
fn path(bencher: Bencher<'_, '_>) {
    find(bencher, KeyPlace::Path(2), "{}");
}

fn place(pointer: &str) -> KeyPlace {
    KeyPlace::Json(Pointer::parse(pointer).unwrap_or_else(|error| panic!("`{pointer}`: {error}")))
}

fn find(bencher: Bencher<'_, '_>, place: KeyPlace, body: &str) {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    headers.insert("orbital-key", HeaderValue::from_static("0bb0a1c45e6f47f0"));
    let places = [place];
    let search =
        || extract(&places, black_box(&headers), "/hooks/0bb0a1c45e6f47f0", "", black_box(body.as_bytes()));
    assert!(search().key.is_some(), "the key is found");
    bencher.bench(|| counted(|| search().key.map(|key| key.len())));
}
