//! Values that tests record for metrics of their own.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    /// A value that only goes up.
    Counter,
    /// A value that goes up and down.
    Gauge,
    /// Observations counted in buckets.
    Histogram,
}

impl MetricKind {
    /// Returns the kind in lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One recorded value.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The name, without the prefix `orbital_test_`.
    pub name: String,
    /// The kind.
    pub kind: MetricKind,
    /// The labels, sorted by name.
    pub labels: Vec<(String, String)>,
    /// The value to add, set or observe.
    pub value: f64,
}

impl Sample {
    /// Returns about how many bytes the value takes.
    pub fn size(&self) -> usize {
        let labels =
            self.labels.iter().map(|(name, value)| name.len() + value.len() + 2 * size_of::<String>());
        size_of::<Self>() + self.name.len() + labels.sum::<usize>()
    }
}
