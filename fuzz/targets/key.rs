//! Keys are found where they are, whatever is around them: a line with a JSON pointer, a line with a path and a query, a
//! line with a header's value, and a body.
#![no_main]

use http::{HeaderMap, HeaderName, HeaderValue};
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use orbital_host::fuzzing::{json, key};
use orbital_webhook::KeyPlace;
use orbital_webhook::waiter::check_key;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (pointer, target, header, body) = (line(), line(), line(), line());
    let (Ok(pointer), Ok(target)) = (str::from_utf8(pointer), str::from_utf8(target)) else { return };
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let name = HeaderName::from_static("x-id");
    let mut headers = HeaderMap::new();
    headers.extend(HeaderValue::from_bytes(header).ok().map(|value| (name.clone(), value)));
    let places = [KeyPlace::Path(1), KeyPlace::Query("id".to_owned()), KeyPlace::Header(name)];
    let found = key(&places, &headers, path, query, body);
    assert!(found.is_none_or(|key| check_key(&key).is_ok()));

    let Ok(place) = json(pointer) else { return };
    let find = |body: &[u8]| key(std::slice::from_ref(&place), &headers, "", "", body);
    let as_sent = find(body);
    // If a name occurs twice, the search finds the first value, and a parsed document keeps the last. Serialized again,
    // it occurs once.
    let Ok(whole) = serde_json::from_slice::<Value>(body) else { return };
    let written = whole.to_string();
    let expected = whole.pointer(pointer).and_then(|leaf| match leaf {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    });
    let expected = expected.filter(|key| check_key(key).is_ok());
    assert_eq!(find(written.as_bytes()), expected, "{pointer} in {written}");
    // In whatever encoding.
    let marked = format!("\u{feff}{written}");
    let utf16 = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { marked.encode_utf16().flat_map(bytes).collect() };
    for body in [marked.clone().into_bytes(), utf16(u16::to_le_bytes), utf16(u16::to_be_bytes)] {
        assert_eq!(find(&body), expected, "{pointer} in {written}");
    }
    if serde_json::from_slice::<Value>(written.as_bytes()).is_ok() && written.as_bytes() == body {
        assert_eq!(as_sent, expected);
    }
});

// A pointer that leads nowhere tests little: half of the inputs get one that leads somewhere.
fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let size = fuzzer_mutate(data, size, max_size);
    let mut lines = data[..size].splitn(4, |byte| *byte == b'\n');
    let (_, target, header, body) = (lines.next(), lines.next(), lines.next(), lines.next());
    let Some(body) = body.filter(|_| seed.is_multiple_of(2)) else { return size };
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return size };
    let pointer = somewhere(&value, seed / 2);
    let parts = [pointer.as_bytes(), target.unwrap_or_default(), header.unwrap_or_default(), body];
    let whole = parts.join(&b'\n');
    if whole.len() > max_size {
        return size;
    }
    data[..whole.len()].copy_from_slice(&whole);
    whole.len()
});

fn somewhere(value: &Value, seed: u32) -> String {
    let pick = |count: usize| seed as usize % count;
    let (token, inner) = match value {
        Value::Object(map) if !map.is_empty() => {
            let Some((name, inner)) = map.iter().nth(pick(map.len())) else { return String::new() };
            (name.replace('~', "~0").replace('/', "~1"), inner)
        }
        Value::Array(list) if !list.is_empty() => {
            let index = pick(list.len());
            (index.to_string(), &list[index])
        }
        _ => return String::new(),
    };
    format!("/{token}{}", somewhere(inner, seed / 3))
}
