//! The series of a component, by the time for which they exist.

use std::collections::HashMap;
use std::sync::Arc;

use metrics::Recorder as _;
use orbital_model::{Case, MetricKind, Report};

use crate::metrics::case::{CaseMetrics, Sends};
use crate::metrics::family::{Family, METADATA, flag, key};

/// The series of a component.
pub(super) struct ComponentMetrics {
    /// Series that exist as long as the component's file.
    pub(super) own: Family,
    /// The digest of the running version's file.
    pub(super) digest: String,
    /// Series that exist as long as this version runs.
    pub(super) version: Family,
    /// Counters that the component's tests recorded. They have fractions, which the library's own counters do not
    /// support, so they are gauges that are shown as counters.
    pub(super) counted: Family,
    /// Series that exist as long as there is a case with this name.
    pub(super) cases: HashMap<String, CaseMetrics>,
    /// The histograms of requests, which are among the component's own series.
    pub(super) sends: Sends,
    /// Series that describe the cases in `described`. They are replaced when one of these changes.
    info: Family,
    described: Vec<Arc<Case>>,
}

impl ComponentMetrics {
    pub(super) fn new() -> Self {
        Self {
            own: Family::new(),
            digest: String::new(),
            version: Family::new(),
            counted: Family::new(),
            cases: HashMap::new(),
            sends: Sends::default(),
            info: Family::new(),
            described: Vec::new(),
        }
    }

    pub(super) fn scheduled(&mut self, component: &str, mut cases: Vec<Arc<Case>>) {
        cases.sort_by(|one, other| one.id.cmp(&other.id));
        if cases == self.described {
            return;
        }
        self.info = Family::new();
        for case in &cases {
            let schedule = case.schedule.to_string();
            let mut labels =
                vec![("component", component), ("case", case.id.case()), ("schedule", &schedule)];
            labels.extend(case.tags.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            self.info.gauge("orbital_case_info", &labels, 1.0);
        }
        self.described = cases;
    }

    pub(super) fn loads(&self, component: &str, result: &str) {
        let labels = |result| [("component", component), ("result", result)];
        for result in ["loaded", "failed"] {
            self.own.register_counter("orbital_component_loads_total", &labels(result)).increment(0);
        }
        self.own.register_counter("orbital_component_loads_total", &labels(result)).increment(1);
        let is_failing = flag(result == "failed");
        self.own.gauge("orbital_component_load_failing", &[("component", component)], is_failing);
    }

    /// Records the metrics of tests, unless another version runs by now: then their series were removed.
    pub(super) fn record_samples(&self, report: &Report) {
        if self.digest != report.digest {
            return;
        }
        for sample in report.attempts.iter().flat_map(|attempt| &attempt.samples) {
            let mut labels = vec![("component", report.case.component()), ("case", report.case.case())];
            labels.extend(sample.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let key = key(format!("orbital_test_{}", sample.name), &labels);
            match sample.kind {
                MetricKind::Counter => {
                    self.counted.0.register_gauge(&key, &METADATA).increment(sample.value);
                }
                MetricKind::Gauge => self.version.0.register_gauge(&key, &METADATA).set(sample.value),
                MetricKind::Histogram => {
                    self.version.0.register_histogram(&key, &METADATA).record(sample.value);
                }
            }
        }
    }

    pub(super) fn families(&self) -> impl Iterator<Item = &Family> {
        let cases = self.cases.values().map(|case| &case.family);
        [&self.own, &self.version, &self.info].into_iter().chain(cases)
    }
}
