//! The names and labels of the metrics that tests record.
//!
//! In one version of a component, a name is one kind of metric, and the number of series is limited. Both are
//! forgotten when the version is replaced or removed, even if runs of it are still in flight: values that those
//! record appear on no page.

use std::collections::{HashMap, HashSet};

use orbital_model::{MetricKind, Sample};
use parking_lot::Mutex;

/// Why a series is rejected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SeriesError {
    OtherKind(MetricKind),
    TooMany(usize),
}

/// The series of one version of a component.
#[derive(Debug)]
pub struct SeriesBook {
    most: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    kinds: HashMap<String, MetricKind>,
    series: HashSet<Series>,
    is_closed: bool,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Series {
    case: String,
    name: String,
    labels: Vec<(String, String)>,
}

impl SeriesBook {
    /// Returns a book for at most `most` series.
    pub fn new(most: usize) -> Self {
        Self { most, held: Mutex::default() }
    }

    /// Records a series of a case, unless it is known already.
    pub(super) fn note(&self, case: &str, sample: &Sample) -> Result<(), SeriesError> {
        let mut held = self.held.lock();
        if held.is_closed {
            return Ok(());
        }
        if let Some(kind) = held.kinds.get(&sample.name).filter(|kind| **kind != sample.kind) {
            return Err(SeriesError::OtherKind(*kind));
        }
        let series =
            Series { case: case.to_owned(), name: sample.name.clone(), labels: sample.labels.clone() };
        if held.series.contains(&series) {
            return Ok(());
        }
        if held.series.len() >= self.most {
            return Err(SeriesError::TooMany(self.most));
        }
        held.kinds.insert(sample.name.clone(), sample.kind);
        held.series.insert(series);
        Ok(())
    }

    /// Forgets all series, and records no further ones: the version is replaced or removed.
    pub fn close(&self) {
        let mut held = self.held.lock();
        *held = Held { is_closed: true, ..Held::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(name: &str, kind: MetricKind, label: &str) -> Sample {
        Sample {
            name: name.to_owned(),
            kind,
            labels: vec![("label".to_owned(), label.to_owned())],
            value: 1.0,
        }
    }

    #[test]
    fn a_name_is_one_kind_over_all_cases_of_a_version() {
        let (one, other) = (SeriesBook::new(10), SeriesBook::new(10));
        assert_eq!(one.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
        for case in ["case", "another"] {
            assert_eq!(
                one.note(case, &sample("x", MetricKind::Gauge, "2")),
                Err(SeriesError::OtherKind(MetricKind::Counter))
            );
        }
        assert_eq!(other.note("case", &sample("x", MetricKind::Gauge, "1")), Ok(()));
    }

    #[test]
    fn what_is_closed_takes_no_name() {
        let book = SeriesBook::new(1);
        assert_eq!(book.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
        book.close();
        assert_eq!(book.note("case", &sample("x", MetricKind::Gauge, "1")), Ok(()));
        assert_eq!(book.note("case", &sample("x", MetricKind::Counter, "2")), Ok(()));
    }

    #[test]
    fn a_component_has_a_bounded_number_of_series() {
        let book = SeriesBook::new(2);
        assert_eq!(book.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
        assert_eq!(book.note("case", &sample("x", MetricKind::Counter, "2")), Ok(()));
        assert_eq!(book.note("case", &sample("x", MetricKind::Counter, "3")), Err(SeriesError::TooMany(2)));
        assert_eq!(book.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
    }
}
