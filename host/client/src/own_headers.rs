//! Headers that the host adds to requests.

use std::fmt::Write as _;

use http::header::{ACCEPT, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue};
use orbital_model::CaseId;
use uuid::Uuid;

/// The number of headers that are added.
pub(super) const OWN_HEADERS: usize = 5;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const ORBITAL_RUN: HeaderName = HeaderName::from_static("orbital-run");

/// Adds the headers that say where a request comes from, and those of each HTTP client, unless the request has them.
pub(super) fn add(headers: &mut HeaderMap, (run, case): (Uuid, &CaseId), host: Option<&HeaderValue>) {
    headers.insert(TRACEPARENT, traceparent(run));
    if let Some(value) = orbital_run(run, case) {
        headers.insert(ORBITAL_RUN, value);
    }
    let accept = HeaderValue::from_static("*/*");
    headers.entry(ACCEPT).or_insert(accept);
    let agent = HeaderValue::from_static(concat!("orbital/", env!("CARGO_PKG_VERSION")));
    headers.entry(USER_AGENT).or_insert(agent);
    if let Some(host) = host {
        headers.entry(HOST).or_insert_with(|| host.clone());
    }
}

fn orbital_run(run: Uuid, case: &CaseId) -> Option<HeaderValue> {
    let text = [run.hyphenated().encode_lower(&mut Uuid::encode_buffer()), "; case=", case.as_str()].concat();
    HeaderValue::try_from(text).ok()
}

/// Returns the W3C trace context: the version, the trace id, the id of this request, and the flag for sampled traces.
fn traceparent(run: Uuid) -> HeaderValue {
    let span = rand::random::<u64>() | 1;
    let mut text = String::with_capacity("00--0000000000000000-01".len() + uuid::fmt::Simple::LENGTH);
    text.push_str("00-");
    text.push_str(run.simple().encode_lower(&mut Uuid::encode_buffer()));
    // Writing to a string never fails.
    let _ = write!(text, "-{span:016x}-01");
    // The text consists only of hexadecimal digits and dashes, so it is always valid.
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_its_run_and_keeps_what_it_has() {
        let run = Uuid::from_u128(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("text/plain"));
        add(&mut headers, (run, &CaseId::new("shop", "buys")), Some(&HeaderValue::from_static("h:81")));
        let text = |name: &str| headers[name].to_str().unwrap();
        assert_eq!(text("orbital-run"), "01234567-89ab-cdef-0123-456789abcdef; case=shop/buys");
        let parts: Vec<_> = text("traceparent").split('-').collect();
        assert_eq!(parts[..2], ["00", "0123456789abcdef0123456789abcdef"]);
        assert!(parts[2].len() == 16 && parts[3..] == ["01"], "{parts:?}");
        assert_eq!(text("accept"), "text/plain");
        assert_eq!(text("user-agent"), concat!("orbital/", env!("CARGO_PKG_VERSION")));
        assert_eq!(text("host"), "h:81");
        assert_eq!(headers.len(), OWN_HEADERS);
    }
}
