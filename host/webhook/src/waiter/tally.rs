//! What became of each request that the webhook received.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// A run expects its key and has it now.
    Matched,
    /// Nobody expects its key yet: kept for a while. It ends as `Early` or `Unmatched`.
    Held,
    /// It was held, and then a run expected its key.
    Early,
    /// It was held until its time ran out.
    Unmatched,
    /// The run that expected its key had ended when it came. It is kept for a while, too: it ends as `Early` if
    /// another run expects its key in time.
    Late,
    /// There was no room for it, or no room for it any more.
    Overflow,
    /// It has no key where the configuration looks.
    NoKey,
    /// It was refused: too large, broken, or too slow.
    Rejected,
}

impl Disposition {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Matched,
        Self::Held,
        Self::Early,
        Self::Unmatched,
        Self::Late,
        Self::Overflow,
        Self::NoKey,
        Self::Rejected,
    ];

    /// As metrics and the API say it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Held => "held",
            Self::Early => "early",
            Self::Unmatched => "unmatched",
            Self::Late => "late",
            Self::Overflow => "overflow",
            Self::NoKey => "no_key",
            Self::Rejected => "rejected",
        }
    }
}

/// Counters that everybody may add to at once.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; 8]);

impl Tally {
    pub(super) fn add(&self, disposition: Disposition, count: usize) {
        if count > 0 {
            self.0[disposition as usize].fetch_add(count as u64, Ordering::Relaxed);
        }
    }

    pub(super) fn count(&self) -> TallyCount {
        TallyCount(std::array::from_fn(|index| self.0[index].load(Ordering::Relaxed)))
    }
}

/// The counters at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TallyCount([u64; 8]);

impl TallyCount {
    /// How many requests ended this way.
    pub fn of(&self, disposition: Disposition) -> u64 {
        self.0[disposition as usize]
    }

    /// What was added since an earlier moment.
    pub fn since(&self, earlier: &Self) -> Self {
        Self(std::array::from_fn(|index| self.0[index].saturating_sub(earlier.0[index])))
    }
}
