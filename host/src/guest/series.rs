//! The names and labels of the metrics that tests made.
//!
//! A name is one kind of metric over the whole host, as a metrics page has each name once. A component has a
//! bounded number of series. Both are forgotten when the component is gone, even if runs of it still go on: what those
//! record is on no page.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use utoipa::ToSchema;

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    /// Only goes up.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Observations in buckets.
    Histogram,
}

impl MetricKind {
    /// In lower case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// One value that a test recorded.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Without the prefix `orbital_test_`.
    pub name: String,
    /// What it is.
    pub kind: MetricKind,
    /// In the order of their names.
    pub labels: Vec<(String, String)>,
    /// Added, set or observed.
    pub value: f64,
}

impl Sample {
    /// How many bytes it takes, about.
    pub(super) fn size(&self) -> usize {
        let labels =
            self.labels.iter().map(|(name, value)| name.len() + value.len() + 2 * size_of::<String>());
        size_of::<Self>() + self.name.len() + labels.sum::<usize>()
    }
}

/// Why a series cannot be had.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SeriesError {
    OtherKind(MetricKind),
    TooMany(usize),
}

/// All names in use, with their kinds and the components that use them.
#[derive(Debug, Default)]
pub struct Catalogue(Mutex<HashMap<String, Use>>);

#[derive(Debug)]
struct Use {
    kind: MetricKind,
    /// Names of components, each with how many of its versions use it.
    components: HashMap<String, usize>,
}

/// The series of one version of a component.
#[derive(Debug)]
pub struct SeriesBook {
    catalogue: Arc<Catalogue>,
    component: String,
    most: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    names: HashSet<String>,
    series: HashSet<Series>,
    is_closed: bool,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Series {
    case: String,
    name: String,
    labels: Vec<(String, String)>,
}

impl Catalogue {
    /// The book of one version of a component: at most so many series.
    pub fn open(self: &Arc<Self>, component: &str, most: usize) -> SeriesBook {
        SeriesBook { catalogue: self.clone(), component: component.to_owned(), most, held: Mutex::default() }
    }

    fn take(&self, component: &str, name: &str, kind: MetricKind) -> Result<(), MetricKind> {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = uses.entry(name.to_owned()).or_insert_with(|| Use { kind, components: HashMap::new() });
        // Earlier versions of the component do not bind it: their series are gone from the page.
        let others = entry.components.keys().any(|other| other != component);
        if entry.kind != kind && others {
            return Err(entry.kind);
        }
        entry.kind = kind;
        *entry.components.entry(component.to_owned()).or_default() += 1;
        Ok(())
    }

    fn release(&self, component: &str, name: &str) {
        let mut uses = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(entry) = uses.get_mut(name) else { return };
        if let Some(versions) = entry.components.get_mut(component) {
            *versions -= 1;
            if *versions == 0 {
                entry.components.remove(component);
            }
        }
        if entry.components.is_empty() {
            uses.remove(name);
        }
    }

    fn kind(&self, name: &str) -> Option<MetricKind> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(|entry| entry.kind)
    }
}

impl SeriesBook {
    /// Notes a series of a case, unless it is known already.
    pub(super) fn note(&self, case: &str, sample: &Sample) -> Result<(), SeriesError> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_closed {
            return Ok(());
        }
        let kind = self.catalogue.kind(&sample.name).filter(|kind| *kind != sample.kind);
        if let (true, Some(kind)) = (held.names.contains(&sample.name), kind) {
            return Err(SeriesError::OtherKind(kind));
        }
        let series =
            Series { case: case.to_owned(), name: sample.name.clone(), labels: sample.labels.clone() };
        if held.series.contains(&series) {
            return Ok(());
        }
        if held.series.len() >= self.most {
            return Err(SeriesError::TooMany(self.most));
        }
        if !held.names.contains(&sample.name) {
            let taken = self.catalogue.take(&self.component, &sample.name, sample.kind);
            taken.map_err(SeriesError::OtherKind)?;
            held.names.insert(sample.name.clone());
        }
        held.series.insert(series);
        Ok(())
    }

    /// Forgets everything, and notes nothing more: the version is replaced or removed.
    pub fn close(&self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.is_closed = true;
        held.series.clear();
        for name in held.names.drain() {
            self.catalogue.release(&self.component, &name);
        }
    }
}

impl Drop for SeriesBook {
    fn drop(&mut self) {
        self.close();
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
    fn a_name_is_one_kind_over_the_whole_host_as_long_as_somebody_uses_it() {
        let catalogue = Arc::new(Catalogue::default());
        let (a, b) = (catalogue.open("a", 10), catalogue.open("b", 10));
        assert_eq!(a.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
        assert_eq!(
            a.note("case", &sample("x", MetricKind::Gauge, "1")),
            Err(SeriesError::OtherKind(MetricKind::Counter))
        );
        assert_eq!(
            b.note("case", &sample("x", MetricKind::Gauge, "1")),
            Err(SeriesError::OtherKind(MetricKind::Counter))
        );
        assert_eq!(b.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
        drop(a);
        assert_eq!(
            b.note("case", &sample("x", MetricKind::Gauge, "2")),
            Err(SeriesError::OtherKind(MetricKind::Counter))
        );
        drop(b);
        assert_eq!(catalogue.open("c", 10).note("case", &sample("x", MetricKind::Gauge, "1")), Ok(()));
    }

    #[test]
    fn a_new_version_may_make_another_kind_of_its_own_name() {
        let catalogue = Arc::new(Catalogue::default());
        let (old, new) = (catalogue.open("a", 10), catalogue.open("a", 10));
        assert_eq!(old.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
        assert_eq!(new.note("case", &sample("x", MetricKind::Gauge, "1")), Ok(()));
        drop(old);
        assert_eq!(new.note("case", &sample("x", MetricKind::Gauge, "2")), Ok(()));
    }

    #[test]
    fn what_is_closed_holds_no_name_and_takes_none() {
        let catalogue = Arc::new(Catalogue::default());
        let (old, new) = (catalogue.open("a", 10), catalogue.open("b", 10));
        assert_eq!(old.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
        old.close();
        assert_eq!(old.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
        assert_eq!(new.note("case", &sample("x", MetricKind::Gauge, "1")), Ok(()));
    }

    #[test]
    fn a_component_has_a_bounded_number_of_series() {
        let book = Arc::new(Catalogue::default()).open("a", 2);
        assert_eq!(book.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
        assert_eq!(book.note("case", &sample("x", MetricKind::Counter, "2")), Ok(()));
        assert_eq!(book.note("case", &sample("x", MetricKind::Counter, "3")), Err(SeriesError::TooMany(2)));
        assert_eq!(book.note("case", &sample("x", MetricKind::Counter, "1")), Ok(()));
    }
}
