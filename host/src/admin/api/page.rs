//! Lists in pages, all in the same way: `limit` says how many, `next` where the page ends, and `before` where the page
//! before ended.

use serde::Deserialize;

use crate::admin::problem::Problem;

/// How many things one answer may have.
const MOST: usize = 500;

/// How many it has if nobody says.
const SOME: usize = 50;

/// For a path that takes no parameters.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Some of many things.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// Whether there are others behind them.
    pub(super) more: bool,
}

impl<T> Page<T> {
    /// As many as may be on a page, of things in order; `take` is given one more, to know whether there are more.
    pub(super) fn read(limit: Option<usize>, take: impl FnOnce(usize) -> Vec<T>) -> Result<Self, Problem> {
        let limit = match limit.unwrap_or(SOME) {
            limit @ 1..=MOST => limit,
            _ => return Err(Problem::bad_request(format!("`limit` must be a number from 1 to {MOST}"))),
        };
        let mut items = take(limit + 1);
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Self { items, more })
    }

    /// What to ask for next, as `before`; none if this is the last page.
    pub(super) fn next<K>(&self, key: impl FnOnce(&T) -> K) -> Option<K> {
        self.items.last().filter(|_| self.more).map(key)
    }
}
