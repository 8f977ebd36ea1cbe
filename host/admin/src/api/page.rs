//! Lists in pages, all in the same way: `limit` says how many, `next` where the page ends, and `before` where the page
//! before ended.

use serde::Deserialize;

use crate::problem::Problem;

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

/// How many things may be on a page.
#[derive(Clone, Copy)]
pub(super) struct Limit(usize);

impl Limit {
    /// What was asked for, if it can be had.
    pub(super) fn new(limit: Option<usize>) -> Result<Self, Problem> {
        match limit.unwrap_or(SOME) {
            limit @ 1..=MOST => Ok(Self(limit)),
            _ => Err(Problem::bad_request(format!("`limit` must be a number from 1 to {MOST}"))),
        }
    }

    /// How many to look for, to know whether there are more.
    pub(super) fn and_one(self) -> usize {
        self.0 + 1
    }

    /// The page, of so many things in order.
    pub(super) fn page<T>(self, mut items: Vec<T>) -> Page<T> {
        let more = items.len() > self.0;
        items.truncate(self.0);
        Page { items, more }
    }
}

impl<T> Page<T> {
    /// A page of what `take` gives, which is told how many to take.
    pub(super) fn read(limit: Option<usize>, take: impl FnOnce(usize) -> Vec<T>) -> Result<Self, Problem> {
        let limit = Limit::new(limit)?;
        Ok(limit.page(take(limit.and_one())))
    }

    /// What to ask for next, as `before`; none if this is the last page.
    pub(super) fn next<K>(&self, key: impl FnOnce(&T) -> K) -> Option<K> {
        self.items.last().filter(|_| self.more).map(key)
    }
}
