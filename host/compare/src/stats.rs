//! The statistics that a host returns for its cases. Its answer may contain more than is read here.

use std::time::Duration;

use orbital_model::seconds;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The statistics of the runs of all cases within a window.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Stats {
    /// The statistics of each case.
    pub cases: Vec<CaseStats>,
}

/// The statistics of the runs of one case.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CaseStats {
    /// The id of the case.
    pub id: String,
    /// The numbers of runs by outcome.
    pub runs: Runs,
    /// The number of runs that passed after an attempt that did not. They are also counted in `runs.pass`.
    #[serde(default)]
    pub flaky: u32,
    /// The latency from the event to its delivery; `null` without deliveries.
    #[serde(default)]
    pub latency: Option<Latency>,
}

/// Numbers of runs by outcome. No host keeps more runs than these types can count: larger numbers are invalid, and
/// would take long to compute with.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Runs {
    /// Runs that passed.
    pub pass: u32,
    /// Runs in which the test failed.
    pub fail: u32,
    /// Runs that timed out.
    pub timeout: u32,
    /// Runs that ended with an error.
    pub error: u32,
    /// Runs that were cancelled.
    pub cancelled: u32,
}

/// The latency of deliveries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Latency {
    /// The median in seconds: half of the deliveries took at most this long.
    #[serde(with = "seconds")]
    #[schema(value_type = f64)]
    pub p50: Duration,
    /// The 95th percentile in seconds: 95 % of the deliveries took at most this long.
    #[serde(with = "seconds")]
    #[schema(value_type = f64)]
    pub p95: Duration,
    /// Pairs of a bound in seconds and the number of deliveries that took at most this long, and longer than the bound
    /// of the bucket before. `null` is a bucket without a bound. Empty buckets may be missing.
    #[serde(default, skip_serializing)]
    #[schema(ignore)]
    pub buckets: Vec<(Option<f64>, u32)>,
}

impl Runs {
    /// Returns the number of runs that say something about the system under test: cancelled ones do not.
    pub fn judged(self) -> u64 {
        [self.pass, self.fail, self.timeout, self.error].into_iter().map(u64::from).sum()
    }

    /// Returns the proportion of these runs that passed; none if there are none.
    pub fn pass_ratio(self) -> Option<f64> {
        let judged = self.judged();
        (judged > 0).then(|| f64::from(self.pass) / judged as f64)
    }
}

impl CaseStats {
    /// Returns whether there are latencies whose distribution is unknown.
    pub(super) fn lacks_buckets(&self) -> bool {
        self.latency.as_ref().is_some_and(|latency| latency.buckets.is_empty())
    }
}

impl Latency {
    /// Returns the latencies, as if all in a bucket had taken as long as its bound.
    pub(super) fn samples(&self) -> Vec<(f64, u64)> {
        let bound = |bound: Option<f64>| bound.unwrap_or(f64::INFINITY);
        self.buckets.iter().map(|(most, count)| (bound(*most), u64::from(*count))).collect()
    }
}
