//! The results of the requests that the webhook received.

use std::sync::atomic::{AtomicU64, Ordering};

use orbital_model::variants::variants;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The result of a request.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    ToSchema,
    strum::VariantArray,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Disposition {
    /// A run expects the key and has received the request.
    Matched,
    /// No run expects the key yet: the request is kept for a while. It ends as `Early` or `Unmatched`.
    Held,
    /// The request was held, and then a run expected its key.
    Early,
    /// The request was held until it timed out.
    Unmatched,
    /// The run that expected the key had ended when the request arrived. The request is kept for a while, too: it ends
    /// as `Early` if another run expects its key in time.
    Late,
    /// There was no room for the request, or it was dropped later to make room.
    Overflow,
    /// The request has no key in the configured locations.
    NoKey,
    /// The request was rejected: too large, broken, or too slow.
    Rejected,
}

impl Disposition {
    /// All results.
    pub const ALL: [Self; 8] = variants();

    /// Returns the name in metrics and the API.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Counters that can be incremented concurrently.
#[derive(Debug, Default)]
pub struct Tally([AtomicU64; Disposition::ALL.len()]);

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
pub struct TallyCount([u64; Disposition::ALL.len()]);

impl TallyCount {
    /// Returns how many requests had this result.
    pub fn of(&self, disposition: Disposition) -> u64 {
        self.0[disposition as usize]
    }

    /// Returns the increase since an earlier moment.
    pub fn since(&self, earlier: &Self) -> Self {
        Self(std::array::from_fn(|index| self.0[index].saturating_sub(earlier.0[index])))
    }
}
