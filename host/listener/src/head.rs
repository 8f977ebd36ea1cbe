//! Heads of HTTP/1 requests, as they were read.

use std::sync::Arc;

use http::header::ValueIter;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The names of headers in the order in which they arrived. A `HeaderMap` keeps that order, but groups all values of a
/// name.
#[derive(Debug, Clone)]
pub struct ArrivalOrder(Arc<[HeaderName]>);

/// The reason why a head did not become a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadFault {
    /// The head is not that of a request; it was answered with 400.
    Malformed,
    /// The head is too long, or has too many headers; it was answered with 431.
    TooLarge,
    /// The head was not complete in time.
    TooSlow,
    /// The connection ended before the head was complete.
    BrokenOff,
    /// The connection was closed, because its place was needed for another one.
    Evicted,
}

/// A head that did not become a request, as far as it was read.
#[derive(Debug)]
pub struct RejectedHead {
    /// The reason why the head was rejected.
    pub fault: HeadFault,
    /// The bytes that were read. This is empty if requests were sent without waiting for answers.
    pub bytes: Vec<u8>,
}

/// Returns the length of a head including the empty line that ends it, if that has arrived.
pub(super) fn head_end(bytes: &[u8]) -> Option<usize> {
    let mut breaks = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    breaks.find_map(|end| match &bytes[end..] {
        [b'\n', ..] => Some(end + 1),
        [b'\r', b'\n', ..] => Some(end + 2),
        _ => None,
    })
}

impl ArrivalOrder {
    /// Reads the order from a head, if these are the headers in it.
    pub(super) fn read(head: &[u8], headers: &HeaderMap, most: usize) -> Option<Self> {
        let mut parsed = vec![httparse::EMPTY_HEADER; most];
        let mut request = httparse::Request::new(&mut parsed);
        request.parse(head).ok()?;
        let mut values = values(headers);
        let mut names = Vec::with_capacity(headers.len());
        for header in request.headers.iter() {
            let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
            if values.get_mut(&name)?.next()?.as_bytes() != header.value {
                return None;
            }
            names.push(name);
        }
        (names.len() == headers.len()).then(|| Self(names.into()))
    }

    /// Returns all headers in this order, followed by headers whose names are not in it.
    pub fn apply<'a>(
        order: Option<&'a Self>,
        headers: &'a HeaderMap,
    ) -> Vec<(&'a HeaderName, &'a HeaderValue)> {
        let Some(Self(names)) = order else { return headers.iter().collect() };
        let mut values = values(headers);
        let mut ordered = Vec::with_capacity(headers.len());
        ordered.extend(names.iter().filter_map(|name| Some((name, values.get_mut(name)?.next()?))));
        for name in headers.keys() {
            ordered.extend(values.get_mut(name).into_iter().flatten().map(|value| (name, value)));
        }
        ordered
    }

    /// Returns the size of the names in memory, in bytes.
    pub fn weight(&self) -> usize {
        self.0.iter().map(|name| size_of::<HeaderName>() + name.as_str().len()).sum()
    }
}

fn values(headers: &HeaderMap) -> HeaderMap<ValueIter<'_, HeaderValue>> {
    headers.keys().map(|name| (name.clone(), headers.get_all(name).into_iter())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(headers: &[(&str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        map
    }

    fn shown<'a>(headers: Vec<(&'a HeaderName, &'a HeaderValue)>) -> Vec<(&'a str, &'a str)> {
        headers.into_iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect()
    }

    const HEAD: &[u8] = b"GET / HTTP/1.1\r\nX-A: 1\r\nx-b: 2\r\nX-a: 3\r\n\r\n";

    #[test]
    fn headers_are_in_the_order_in_which_they_came() {
        let headers = map(&[("x-a", "1"), ("x-a", "3"), ("x-b", "2")]);
        let order = ArrivalOrder::read(HEAD, &headers, 10);
        let ordered = ArrivalOrder::apply(order.as_ref(), &headers);
        assert_eq!(shown(ordered), [("x-a", "1"), ("x-b", "2"), ("x-a", "3")]);
        assert_eq!(ArrivalOrder::apply(None, &headers).len(), 3);
    }

    #[test]
    fn the_order_of_other_headers_is_not_used() {
        for other in [&[("x-a", "1"), ("x-a", "3")][..], &[("x-a", "3"), ("x-a", "1"), ("x-b", "2")]] {
            assert!(ArrivalOrder::read(HEAD, &map(other), 10).is_none(), "{other:?}");
        }
        let more = [("x-a", "1"), ("x-a", "3"), ("x-b", "2"), ("x-c", "4")];
        assert!(ArrivalOrder::read(HEAD, &map(&more), 10).is_none());
    }

    #[test]
    fn headers_that_were_taken_out_or_put_in_later_change_no_order() {
        let mut headers = map(&[("x-a", "1"), ("x-a", "3"), ("x-b", "2")]);
        let order = ArrivalOrder::read(HEAD, &headers, 10).unwrap();
        headers.remove("x-b");
        headers.append("x-c", HeaderValue::from_static("4"));
        let ordered = shown(ArrivalOrder::apply(Some(&order), &headers));
        assert_eq!(ordered, [("x-a", "1"), ("x-a", "3"), ("x-c", "4")]);
    }

    #[test]
    fn a_head_ends_with_an_empty_line() {
        for (bytes, end) in [
            (&b"GET / HTTP/1.1\r\n\r\nrest"[..], Some(18)),
            (b"GET / HTTP/1.1\n\nrest", Some(16)),
            (b"GET / HTTP/1.1\r\na: b\r\n", None),
            (b"", None),
        ] {
            assert_eq!(head_end(bytes), end, "{}", bytes.escape_ascii());
        }
    }
}
