//! A test's own metrics.

use std::fmt;

use crate::Test;
use crate::bindings::orbital::test::metrics as contract;
use crate::host;

/// Why a value was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricError {
    /// The name is not a letter followed by letters, digits and `_`, is longer than 100 bytes, or ends in
    /// `_bucket`, `_sum` or `_count`.
    InvalidName(String),
    /// A label is outside its limits; the text says which and why.
    InvalidLabel(String),
    /// The value is not a number, or a counter would go down.
    InvalidValue(String),
    /// The name stands for a metric of another kind; the text names the kind.
    OtherKind(String),
    /// The component has as many series as it may; the limit, which is 0 if it is granted no metrics.
    TooManySeries(u32),
}

/// A case's own metrics are on the host's metrics page as `orbital_test_<name>`, with the labels `component`
/// and `case` added. Names, labels and values are in base units: seconds, bytes.
impl Test {
    /// Adds to a counter: `t.counter("items_total", 3.0, &[("kind", "new")])`. Its name ends in `_total`.
    ///
    /// # Errors
    ///
    /// If nothing was recorded.
    pub fn counter(&self, name: &str, value: f64, labels: &[(&str, &str)]) -> Result<(), MetricError> {
        Ok(host::metrics::counter(name, value, &self::labels(labels))?)
    }

    /// Sets a gauge.
    ///
    /// # Errors
    ///
    /// If nothing was recorded.
    pub fn gauge(&self, name: &str, value: f64, labels: &[(&str, &str)]) -> Result<(), MetricError> {
        Ok(host::metrics::gauge(name, value, &self::labels(labels))?)
    }

    /// Adds an observation to a histogram.
    ///
    /// # Errors
    ///
    /// If nothing was recorded.
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
            Self::InvalidName(text) => write!(formatter, "the metric's name cannot be one: {text}"),
            Self::InvalidLabel(text) => {
                write!(formatter, "the metric's label cannot be one: {text}")
            }
            Self::InvalidValue(text) => {
                write!(formatter, "the metric cannot have this value: {text}")
            }
            Self::OtherKind(kind) => write!(formatter, "the metric is of another kind: {kind}"),
            Self::TooManySeries(limit) => {
                write!(formatter, "the component has {limit} series already, as many as it may")
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
