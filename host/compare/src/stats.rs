//! What a host says that its cases come to. More than is read here may be in it.

use std::time::Duration;

use orbital_model::seconds;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What runs of all cases come to within a window.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Stats {
    /// By case.
    pub cases: Vec<CaseStats>,
}

/// What runs of one case come to.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CaseStats {
    /// The case's id.
    pub id: String,
    /// How they ended.
    pub runs: Runs,
    /// Passed after an attempt that did not; these are in `runs.pass` too.
    #[serde(default)]
    pub flaky: u32,
    /// From event to delivery; none without deliveries.
    #[serde(default)]
    pub latency: Option<Latency>,
}

/// How many runs ended how. No host keeps more than can be counted so: what it says beyond that is nonsense, and would take
/// long to compute with.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Runs {
    /// Passed.
    pub pass: u32,
    /// The test said no.
    pub fail: u32,
    /// Time ran out.
    pub timeout: u32,
    /// Broke.
    pub error: u32,
    /// Cancelled.
    pub cancelled: u32,
}

/// How long deliveries took.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Latency {
    /// Half of them took at most this.
    #[serde(with = "seconds")]
    #[schema(value_type = f64)]
    pub p50: Duration,
    /// 95 % did.
    #[serde(with = "seconds")]
    #[schema(value_type = f64)]
    pub p95: Duration,
    /// How many took at most so many seconds, and more than the bucket before; `null` is without end. Empty buckets
    /// may be missing.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub buckets: Vec<(Option<f64>, u32)>,
}

impl Runs {
    /// Those that say something about the system under test: cancelled ones do not.
    pub fn judged(self) -> u64 {
        [self.pass, self.fail, self.timeout, self.error].into_iter().map(u64::from).sum()
    }

    /// The part of them that passed; none if there are none.
    pub fn pass_ratio(self) -> Option<f64> {
        let judged = self.judged();
        (judged > 0).then(|| f64::from(self.pass) / judged as f64)
    }
}

impl CaseStats {
    /// Whether there are latencies of which nobody knows how they are distributed.
    pub(super) fn lacks_buckets(&self) -> bool {
        self.latency.as_ref().is_some_and(|latency| latency.buckets.is_empty())
    }
}

impl Latency {
    /// Each bucket is as if all in it had taken as long as its bound.
    pub(super) fn samples(&self) -> Vec<(f64, u64)> {
        let bound = |bound: Option<f64>| bound.unwrap_or(f64::INFINITY);
        self.buckets.iter().map(|(most, count)| (bound(*most), u64::from(*count))).collect()
    }
}
