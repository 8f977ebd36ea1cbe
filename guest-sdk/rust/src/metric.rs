//! Custom metrics.

use std::fmt;

use crate::Test;
use crate::bindings::orbital::test::metrics as contract;
use crate::host;

/// The reason why a value was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricError {
    /// The name is longer than 100 bytes, is not a letter followed by letters, digits and `_`, or ends in
    /// `_bucket`, `_sum` or `_count`, which are reserved for histograms.
    InvalidName(String),
    /// A label is invalid. The text says which and why.
    InvalidLabel(String),
    /// The value is not a number, or would make a counter decrease or become infinite.
    InvalidValue(String),
    /// A metric with this name has another type. The text names that type.
    OtherKind(String),
    /// The component has reached this limit of series. It is 0 if the component is not granted metrics.
    TooManySeries(u32),
}

/// Custom metrics. The host exports them as `orbital_test_<name>`, with the labels `component` and `case`. Use base
/// units such as seconds and bytes.
impl Test {
    /// Adds a value to a counter: `t.counter("items_total", 3.0, &[("kind", "new")])`. By convention its name
    /// ends in `_total`.
    ///
    /// # Errors
    ///
    /// If the value was not recorded.
    pub fn counter(&self, name: &str, value: f64, labels: &[(&str, &str)]) -> Result<(), MetricError> {
        Ok(host::metrics::counter(name, value, &self::labels(labels))?)
    }

    /// Sets a gauge to a value.
    ///
    /// # Errors
    ///
    /// If the value was not recorded.
    pub fn gauge(&self, name: &str, value: f64, labels: &[(&str, &str)]) -> Result<(), MetricError> {
        Ok(host::metrics::gauge(name, value, &self::labels(labels))?)
    }

    /// Adds an observation to a histogram.
    ///
    /// # Errors
    ///
    /// If the value was not recorded.
    pub fn histogram(&self, name: &str, value: f64, labels: &[(&str, &str)]) -> Result<(), MetricError> {
        Ok(host::metrics::histogram(name, value, &self::labels(labels))?)
    }
}

fn labels(labels: &[(&str, &str)]) -> Vec<contract::Label> {
    let label = |(name, value): &(&str, &str)| contract::Label {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    labels.iter().map(label).collect()
}

impl fmt::Display for MetricError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidName(text) => write!(formatter, "invalid metric name: {text}"),
            Self::InvalidLabel(text) => {
                write!(formatter, "invalid metric label: {text}")
            }
            Self::InvalidValue(text) => {
                write!(formatter, "invalid metric value: {text}")
            }
            Self::OtherKind(kind) => write!(formatter, "the metric has another type: {kind}"),
            Self::TooManySeries(limit) => {
                write!(formatter, "the component has reached its limit of {limit} series")
            }
        }
    }
}

impl std::error::Error for MetricError {}

impl From<contract::MetricError> for MetricError {
    fn from(error: contract::MetricError) -> Self {
        match error {
            contract::MetricError::InvalidName(text) => Self::InvalidName(text),
            contract::MetricError::InvalidLabel(text) => Self::InvalidLabel(text),
            contract::MetricError::InvalidValue(text) => Self::InvalidValue(text),
            contract::MetricError::OtherKind(kind) => Self::OtherKind(kind),
            contract::MetricError::TooManySeries(limit) => Self::TooManySeries(limit),
        }
    }
}
