//! Series that are added and removed together.

use std::time::SystemTime;

use metrics::{Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use orbital_model::{Budget, Outcome, SkipReason};

/// The bucket bounds of all histograms, in seconds: from the latency of a local system to times that are too long for
/// any test.
const BUCKETS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

/// The metric for CPU time. It has fractions, which the library's own counters do not support, so it is a gauge that is
/// shown as a counter.
pub(super) const CPU_SECONDS: &str = "orbital_run_cpu_seconds_total";

/// Series that are added and removed together.
pub(super) struct Family(pub(super) PrometheusRecorder);

impl Family {
    pub(super) fn new() -> Self {
        let builder = PrometheusBuilder::new();
        // This fails only if there are no buckets.
        let builder = builder.set_buckets(&BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        Self(builder.build_recorder())
    }

    pub(super) fn breaches(&self, component: &str, budget: Budget) -> metrics::Counter {
        let labels = [("component", component), ("budget", budget.name())];
        self.register_counter("orbital_budget_breaches_total", &labels)
    }

    pub(super) fn page(&self) -> String {
        let page = self.0.handle().render();
        page.replace(&format!("# TYPE {CPU_SECONDS} gauge"), &format!("# TYPE {CPU_SECONDS} counter"))
    }

    /// Renders gauges as counters.
    pub(super) fn page_of_counters(&self) -> String {
        let as_counter =
            |line: &str| match line.strip_prefix("# TYPE ").and_then(|line| line.strip_suffix(" gauge")) {
                Some(name) => format!("# TYPE {name} counter\n"),
                None => format!("{line}\n"),
            };
        self.page().lines().map(as_counter).collect()
    }

    pub(super) fn register_counter(&self, name: &'static str, labels: &[(&str, &str)]) -> metrics::Counter {
        self.0.register_counter(&key(name, labels), &METADATA)
    }

    pub(super) fn register_gauge(&self, name: &'static str, labels: &[(&str, &str)]) -> metrics::Gauge {
        self.0.register_gauge(&key(name, labels), &METADATA)
    }

    pub(super) fn register_histogram(
        &self,
        name: &'static str,
        labels: &[(&str, &str)],
    ) -> metrics::Histogram {
        self.0.register_histogram(&key(name, labels), &METADATA)
    }

    pub(super) fn gauge(&self, name: &'static str, labels: &[(&str, &str)], value: f64) {
        self.register_gauge(name, labels).set(value);
    }
}

/// Returns the value of a gauge that says whether something is so.
pub(super) fn flag(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}

/// Returns the seconds since the Unix epoch.
pub(super) fn now() -> f64 {
    seconds(SystemTime::now())
}

pub(super) fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

pub(super) const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

pub(super) fn key(name: impl Into<metrics::KeyName>, labels: &[(&str, &str)]) -> Key {
    let labels = labels.iter().map(|(name, value)| Label::new((*name).to_owned(), (*value).to_owned()));
    Key::from_parts(name, labels.collect::<Vec<_>>())
}

pub(super) fn run_labels<'a>(
    component: &'a str,
    case: &'a str,
    outcome: Outcome,
) -> [(&'static str, &'a str); 3] {
    [("component", component), ("case", case), ("outcome", outcome.name())]
}

pub(super) fn skip_labels<'a>(
    component: &'a str,
    case: &'a str,
    reason: SkipReason,
) -> [(&'static str, &'a str); 3] {
    [("component", component), ("case", case), ("reason", reason.name())]
}
