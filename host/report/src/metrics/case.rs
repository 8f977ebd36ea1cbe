//! The series of a case.

use std::collections::HashMap;
use std::sync::OnceLock;

use metrics::{Counter, Gauge, Histogram};
use orbital_model::{Budget, CaseId, CaseRecord, Outcome, Report, SkipReason, StepKind};
use parking_lot::RwLock;

use crate::metrics::family::{CPU_SECONDS, Family, flag, run_labels, seconds, skip_labels};

/// The series of a case, with the handles that every run needs. To find a series by its labels costs more than to count
/// in it.
pub(super) struct CaseMetrics {
    pub(super) family: Family,
    id: CaseId,
    runs: [Counter; Outcome::ALL.len()],
    flaky: Counter,
    duration: OnceLock<Histogram>,
    latency: OnceLock<Histogram>,
    cpu: OnceLock<Gauge>,
    memory: OnceLock<Gauge>,
    up: OnceLock<Gauge>,
    last_pass: OnceLock<Gauge>,
}

impl CaseMetrics {
    /// Creates the series of a case, with its counters at zero, so that the first failure is an increase, and with the
    /// state that is known from earlier runs. Series without a value do not exist until they have one.
    pub(super) fn new(id: &CaseId, record: &CaseRecord) -> Self {
        let family = Family::new();
        let (component, case) = (id.component(), id.case());
        let of_case = [("component", component), ("case", case)];
        let counter = |name, labels: &[(&str, &str)]| {
            let counter = family.register_counter(name, labels);
            counter.increment(0);
            counter
        };
        let runs =
            Outcome::ALL.map(|outcome| counter("orbital_runs_total", &run_labels(component, case, outcome)));
        let flaky = counter("orbital_runs_flaky_total", &of_case);
        for reason in SkipReason::ALL {
            drop(counter("orbital_runs_skipped_total", &skip_labels(component, case, reason)));
        }
        let metrics = Self {
            id: id.clone(),
            runs,
            flaky,
            duration: OnceLock::new(),
            latency: OnceLock::new(),
            cpu: OnceLock::new(),
            memory: OnceLock::new(),
            up: OnceLock::new(),
            last_pass: OnceLock::new(),
            family,
        };
        if let Some(standing) = record.standing {
            metrics.gauge("orbital_case_up", &metrics.up).set(flag(standing.up));
        }
        if let Some(last_pass) = record.last_pass {
            metrics.passed(seconds(last_pass));
        }
        metrics
    }

    /// Records a run.
    pub(super) fn ended(&self, report: &Report) {
        self.runs[report.outcome as usize].increment(1);
        self.flaky.increment(u64::from(report.flaky));
        self.histogram("orbital_run_duration_seconds", &self.duration).record(report.duration.as_secs_f64());
        let usage = || report.attempts.iter().map(|attempt| &attempt.usage);
        let cpu: f64 = usage().map(|usage| usage.cpu.as_secs_f64()).sum();
        self.gauge(CPU_SECONDS, &self.cpu).increment(cpu);
        let memory = usage().map(|usage| usage.peak_of(Budget::Memory)).max().unwrap_or_default();
        self.gauge("orbital_run_memory_peak_bytes", &self.memory).set(memory as f64);
        let up = match report.outcome {
            Outcome::Pass => Some(true),
            Outcome::Fail | Outcome::Timeout | Outcome::Error => Some(false),
            Outcome::Cancelled => None,
        };
        if let Some(up) = up {
            self.gauge("orbital_case_up", &self.up).set(flag(up));
        }
        if report.outcome == Outcome::Pass {
            self.passed(seconds(report.ended()));
        }
        for step in report.steps() {
            if let StepKind::Delivery { latency: Some(latency), .. } = &step.what {
                self.histogram("orbital_delivery_latency_seconds", &self.latency)
                    .record(latency.as_secs_f64());
            }
        }
    }

    /// Records runs that did not start.
    pub(super) fn skipped(&self, reason: SkipReason, count: u64) {
        let labels = skip_labels(self.id.component(), self.id.case(), reason);
        self.family.register_counter("orbital_runs_skipped_total", &labels).increment(count);
    }

    /// Sets the time of the last pass, in seconds since the Unix epoch.
    pub(super) fn passed(&self, at: f64) {
        self.gauge("orbital_case_last_pass_timestamp_seconds", &self.last_pass).set(at);
    }

    /// Records whether the case is stale.
    pub(super) fn stale(&self, is_stale: bool) {
        self.family.gauge("orbital_case_stale", &self.labels(), flag(is_stale));
    }

    fn gauge<'a>(&self, name: &'static str, handle: &'a OnceLock<Gauge>) -> &'a Gauge {
        handle.get_or_init(|| self.family.register_gauge(name, &self.labels()))
    }

    fn histogram<'a>(&self, name: &'static str, handle: &'a OnceLock<Histogram>) -> &'a Histogram {
        handle.get_or_init(|| self.family.register_histogram(name, &self.labels()))
    }

    fn labels(&self) -> [(&'static str, &str); 2] {
        [("component", self.id.component()), ("case", self.id.case())]
    }
}

/// The histograms of the requests of a component, by target and class of the status.
#[derive(Default)]
pub(super) struct Sends(RwLock<HashMap<String, [OnceLock<Histogram>; CLASSES.len()]>>);

const CLASSES: [&str; 6] = ["none", "1xx", "2xx", "3xx", "4xx", "5xx"];

impl Sends {
    /// Records the requests of a run. Their series belong to the component.
    pub(super) fn record(&self, family: &Family, report: &Report) {
        for step in report.steps() {
            // A request that was not sent took no time. The name of its target may be any text.
            if let (StepKind::Send { target, status, .. }, Some(took)) = (&step.what, step.took) {
                let class = status.map_or(0, |status| usize::from(status / 100).clamp(1, 5));
                let record = |handles: &[OnceLock<Histogram>; CLASSES.len()]| {
                    let register = || {
                        let component = ("component", report.case.component());
                        let labels = [component, ("target", target), ("status_class", CLASSES[class])];
                        family.register_histogram("orbital_event_send_duration_seconds", &labels)
                    };
                    handles[class].get_or_init(register).record(took.as_secs_f64());
                };
                if let Some(handles) = self.0.read().get(target) {
                    record(handles);
                    continue;
                }
                record(self.0.write().entry(target.clone()).or_default());
            }
        }
    }
}
