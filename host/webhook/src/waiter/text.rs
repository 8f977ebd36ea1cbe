//! The text of a received request.

use std::borrow::Cow;

use crate::waiter::weight::allocation;

/// The number of parts before the headers: method, path, query and body.
const FIXED: usize = 4;

/// Method, path, query, body and headers of a request, one after the other: two allocations, because a request of many
/// small ones costs more to keep than to receive.
#[derive(Debug, Clone)]
pub struct RequestText {
    all: String,
    /// Where each part ends.
    ends: Vec<usize>,
}

impl RequestText {
    /// Joins the parts.
    pub(super) fn new<'a>(
        [method, path, query]: [&str; 3],
        body: &str,
        headers: impl ExactSizeIterator<Item = (&'a str, Cow<'a, str>)> + Clone,
    ) -> Self {
        let fixed = [method, path, query, body];
        let length = headers.clone().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let mut text = Self {
            all: String::with_capacity(length + fixed.iter().map(|part| part.len()).sum::<usize>()),
            ends: Vec::with_capacity(FIXED + 2 * headers.len()),
        };
        fixed.into_iter().for_each(|part| text.push(part));
        for (name, value) in headers {
            text.push(name);
            text.push(&value);
        }
        text
    }

    fn push(&mut self, part: &str) {
        self.all.push_str(part);
        self.ends.push(self.all.len());
    }

    fn part(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[start..self.ends[index]]
    }

    /// The method.
    pub fn method(&self) -> &str {
        self.part(0)
    }

    /// The path.
    pub fn path(&self) -> &str {
        self.part(1)
    }

    /// The query after the first `?`.
    pub fn query(&self) -> &str {
        self.part(2)
    }

    /// The beginning of the body. Bytes that are not text are replaced.
    pub fn body(&self) -> &str {
        self.part(3)
    }

    /// Names and values of the headers; values that may be secrets are masked.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&str, &str)> + Clone {
        (FIXED..self.ends.len() - 1).step_by(2).map(|index| (self.part(index), self.part(index + 1)))
    }

    /// Returns about how many bytes of memory the text uses.
    pub(super) fn weight(&self) -> usize {
        allocation(self.all.capacity()) + allocation(self.ends.capacity() * size_of::<usize>())
    }
}
