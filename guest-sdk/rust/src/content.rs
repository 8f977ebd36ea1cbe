//! Headers and body of events, requests and replies.

use serde::Serialize;

use crate::Header;

#[derive(Debug, Clone, Default)]
pub(crate) struct Content {
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Vec<u8>,
}

impl Content {
    pub(crate) fn add_header(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.headers.push(Header { name: name.into(), value: value.into() });
    }

    #[track_caller]
    pub(crate) fn set_json<T: Serialize + ?Sized>(&mut self, value: &T) {
        match serde_json::to_vec(value) {
            Ok(body) => self.body = body,
            Err(error) => panic!("the body cannot be JSON: {error}"),
        }
        if header(&self.headers, "content-type").is_none() {
            self.add_header("content-type", "application/json");
        }
    }
}

/// Returns the first value of a header. The case of the name does not matter.
pub(crate) fn header<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value.as_str())
}

/// Adds the methods that set headers and body to a builder with a field `content`.
macro_rules! content_methods {
    ($builder:ty) => {
        impl $builder {
            /// Adds a header.
            pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
                self.content.add_header(name, value);
                self
            }

            /// Sets the body to a value as JSON, and the header `content-type` unless it is already set.
            ///
            /// # Panics
            ///
            /// If the value cannot be serialized as JSON, such as a map whose keys are not strings.
            #[track_caller]
            pub fn json<T: ::serde::Serialize + ?Sized>(mut self, value: &T) -> Self {
                self.content.set_json(value);
                self
            }

            /// Sets the body to bytes or a string.
            pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
                self.content.body = body.into();
                self
            }
        }
    };
}

/// Adds the methods that set path and timeout to a builder with fields `path` and `timeout_ms`.
macro_rules! route_methods {
    ($builder:ty) => {
        impl $builder {
            /// Appends a path to the target's URL: empty, or starting with `/`. May include a query.
            pub fn path(mut self, path: impl Into<String>) -> Self {
                self.path = path.into();
                self
            }

            /// Sets the timeout for the request and its response, rounded up to whole milliseconds. The default
            /// is the target's own timeout.
            pub fn timeout(mut self, timeout: ::std::time::Duration) -> Self {
                self.timeout_ms = Some($crate::time::milliseconds(timeout));
                self
            }
        }
    };
}

pub(crate) use {content_methods, route_methods};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_sets_the_content_type_unless_it_is_set() {
        let mut content = Content::default();
        content.set_json(&[1, 2]);
        assert_eq!(content.body, b"[1,2]");
        assert_eq!(header(&content.headers, "Content-Type"), Some("application/json"));

        let mut content = Content::default();
        content.add_header("Content-Type", "application/cloudevents+json");
        content.set_json("x");
        assert_eq!(content.headers.len(), 1);
    }
}
