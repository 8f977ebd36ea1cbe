//! Lists in pages, all in the same way: `limit` is the size of a page, `next` says where the page ends, and `before`
//! where the previous page ended.

use serde::Deserialize;

use crate::problem::Problem;

/// The maximum number of items in an answer.
const MOST: usize = 500;

/// The default number of items in an answer.
const SOME: usize = 50;

/// The query of a path that takes no parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// One page of a list.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// Whether there are items after this page.
    pub(super) more: bool,
}

/// The maximum number of items on a page.
#[derive(Clone, Copy)]
pub(super) struct Limit(usize);

impl Limit {
    /// Returns the requested limit, or the default one. Fails if the limit is out of range.
    pub(super) fn new(limit: Option<usize>) -> Result<Self, Problem> {
        match limit.unwrap_or(SOME) {
            limit @ 1..=MOST => Ok(Self(limit)),
            _ => Err(Problem::bad_request(format!("`limit` must be a number from 1 to {MOST}"))),
        }
    }

    /// Returns the number of items to look for: one more than the limit, to know whether there are more.
    pub(super) fn and_one(self) -> usize {
        self.0 + 1
    }

    /// Returns a page with the first of these items, which are in order.
    pub(super) fn page<T>(self, mut items: Vec<T>) -> Page<T> {
        let more = items.len() > self.0;
        items.truncate(self.0);
        Page { items, more }
    }
}

impl<T> Page<T> {
    /// Returns a page of the items that `take` returns. `take` gets the maximum number of items.
    pub(super) fn read(limit: Option<usize>, take: impl FnOnce(usize) -> Vec<T>) -> Result<Self, Problem> {
        let limit = Limit::new(limit)?;
        Ok(limit.page(take(limit.and_one())))
    }

    /// Returns the value of `before` for the next page; none if this is the last page.
    pub(super) fn next<K>(&self, key: impl FnOnce(&T) -> K) -> Option<K> {
        self.items.last().filter(|_| self.more).map(key)
    }
}
