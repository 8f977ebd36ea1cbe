//! The metrics page. The names are listed in `docs/metrics.md`.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use metrics::{Key, Label, Level, Metadata, Recorder as _};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};
use orbital_history::{HistoryState, HistoryStatus};
use orbital_listener::{Acceptors, TurnedAway};
use orbital_model::{Budget, Case, CaseId, CaseRecord, MetricKind, Outcome, Report, SkipReason, StepKind};
use orbital_run::component::Component;
use orbital_run::event::Event;
use orbital_webhook::waiter::{Disposition, Rejection, Waiter};
use parking_lot::{Mutex, RwLock};
use tokio::runtime::Handle;

use crate::exposition::merge;
use crate::output::Outputs;

/// The bucket bounds of all histograms, in seconds: from the latency of a local system to times that are too long for
/// any test.
const BUCKETS: [f64; 16] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0];

const HELP: [(&str, &str); 46] = [
    ("orbital_history_up", "Whether runs are being kept in the history."),
    ("orbital_history_runs_written_total", "Runs that were written to the history."),
    ("orbital_history_runs_dropped_total", "Runs that are not in the history, by reason."),
    ("orbital_history_queue_runs", "Runs that wait to be written to the history."),
    ("orbital_history_bytes", "Bytes of the history's file, with what has not been taken over into it yet."),
    (
        "orbital_history_batch_duration_seconds",
        "How long it took to write runs to the history, batch by batch.",
    ),
    ("orbital_history_last_session_clean", "Whether the last start before this one ended cleanly."),
    ("orbital_config_last_reload_successful", "Whether the configuration on disk is in effect."),
    ("orbital_config_last_reload_success_timestamp_seconds", "When a configuration last took effect."),
    ("orbital_runs_flaky_total", "Runs that passed after an attempt that did not."),
    ("orbital_runs_total", "Runs that ended, by outcome."),
    ("orbital_run_duration_seconds", "How long runs took, from entering the guest to their end."),
    ("orbital_run_cpu_seconds_total", "Processor time that runs of the case took."),
    ("orbital_run_memory_peak_bytes", "The most memory that the case's last run had at once."),
    (
        "orbital_budget_breaches_total",
        "Attempts that ended because they asked for more than a budget allows.",
    ),
    ("orbital_case_up", "Whether the case's last finished run passed."),
    ("orbital_case_last_pass_timestamp_seconds", "When a run of the case passed for the last time."),
    (
        "orbital_case_stale",
        "Whether the host gave no verdict on the case lately, so that orbital_case_up may be wrong.",
    ),
    ("orbital_case_info", "The case's schedule and tags, to join with."),
    ("orbital_delivery_latency_seconds", "From sending an event to receiving its delivery."),
    ("orbital_event_send_duration_seconds", "From the start of a request to the last byte of its answer."),
    ("orbital_deliveries_total", "Requests that the webhook received, by what became of them."),
    ("orbital_webhook_rejected_total", "Requests that the webhook refused, by reason."),
    (
        "orbital_listener_turned_away_total",
        "Connections and requests that a listener turned away, by reason.",
    ),
    (
        "orbital_output_dropped_total",
        "Log lines (stderr) and runs (stdout) that were not written: the stream failed, or its reader was too slow.",
    ),
    ("orbital_host_troubles_total", "Attempts that did not pass because the host lacked something."),
    ("orbital_listener_connections", "Connections of a listener that are in use."),
    ("orbital_listener_max_connections", "Connections that a listener serves at once."),
    ("orbital_runs_in_flight", "Runs that have started and not ended."),
    ("orbital_expectations", "Keys that runs expect."),
    ("orbital_run_start_delay_seconds", "From the time a run was due to entering the guest."),
    ("orbital_runs_skipped_total", "Runs that were due and did not start, by reason."),
    (
        "orbital_components_directory_up",
        "Whether the directory of components can be read and is the one that held the deployed components.",
    ),
    ("orbital_component_loads_total", "Files that were loaded or refused."),
    ("orbital_component_info", "The version of the component that runs."),
    ("orbital_build_info", "The host's version."),
    ("orbital_tasks", "Tasks of the host's asynchronous runtimes."),
    ("process_cpu_seconds_total", "Processor time of the host's process."),
    ("process_max_fds", "The most file descriptors that the process may open."),
    ("process_open_fds", "File descriptors that are open."),
    ("process_resident_memory_bytes", "Memory of the process that is in use."),
    ("process_start_time_seconds", "When the process began, since the Unix epoch."),
    ("process_threads", "Threads of the process."),
    (
        "process_virtual_memory_bytes",
        "Address space of the process; slots for guests are most of it, and no memory.",
    ),
    ("process_virtual_memory_max_bytes", "The most address space that the process may have."),
    ("orbital_component_load_failing", "Whether the newest version of the component's file does not load."),
];

/// The metric for CPU time. It has fractions, which the library's own counters do not support, so it is a gauge that is
/// shown as a counter.
const CPU_SECONDS: &str = "orbital_run_cpu_seconds_total";

/// Keeps the metrics and renders the page.
pub struct MetricsSink {
    host: Family,
    components: RwLock<HashMap<String, ComponentMetrics>>,
    /// The state of cases at the end of the previous host, by id, until they are loaded for the first time.
    before: Mutex<HashMap<CaseId, CaseRecord>>,
    waiter: Arc<Waiter>,
    /// The runtimes, with their names.
    runtimes: [(&'static str, Handle); 2],
    acceptors: Acceptors,
    outputs: Outputs,
}

/// Series that are added and removed together.
struct Family(PrometheusRecorder);

struct ComponentMetrics {
    /// Series that exist as long as the component's file.
    own: Family,
    /// The digest of the running version's file.
    digest: String,
    /// Series that exist as long as this version runs.
    version: Family,
    /// Counters that the component's tests recorded. They have fractions, which the library's own counters do not
    /// support, so they are gauges that are shown as counters.
    counted: Family,
    /// Series that exist as long as there is a case with this name.
    cases: HashMap<String, Family>,
    /// Series that describe the cases in `described`. They are replaced when one of these changes.
    info: Family,
    described: Vec<Arc<Case>>,
}

impl MetricsSink {
    /// Creates a sink that has only the host's own metrics.
    pub fn new(
        waiter: Arc<Waiter>,
        acceptors: Acceptors,
        runtimes: [(&'static str, Handle); 2],
        outputs: Outputs,
    ) -> Arc<Self> {
        let host = Family::new();
        host.gauge("orbital_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
        host.gauge("orbital_components_directory_up", &[], 1.0);
        Arc::new(Self {
            host,
            components: RwLock::default(),
            before: Mutex::default(),
            waiter,
            runtimes,
            acceptors,
            outputs,
        })
    }

    /// Sets the state that cases had, by id, when the previous host ended. Without it, a restart of the host would
    /// resolve alerts.
    pub fn restore(&self, before: HashMap<CaseId, CaseRecord>) {
        *self.before.lock() = before;
    }

    /// Returns the page in Prometheus' text format.
    pub fn page(
        &self,
        (runs_in_flight, troubled): (usize, u64),
        stale: &BTreeSet<CaseId>,
        history: &HistoryStatus,
    ) -> String {
        self.history(history);
        self.host.gauge("orbital_runs_in_flight", &[], runs_in_flight as f64);
        self.host.register_counter("orbital_host_troubles_total", &[]).absolute(troubled);
        self.host.gauge("orbital_expectations", &[], self.waiter.expectations() as f64);
        for (name, runtime) in &self.runtimes {
            self.host.gauge(
                "orbital_tasks",
                &[("runtime", name)],
                runtime.metrics().num_alive_tasks() as f64,
            );
        }
        // The standard metrics of a process, with the names that all client libraries use.
        metrics::with_local_recorder(&self.host.0, || metrics_process::Collector::default().collect());
        let received = self.waiter.count();
        // A held delivery is counted under another disposition later.
        let is_final = |disposition: &Disposition| *disposition != Disposition::Held;
        for disposition in Disposition::ALL.into_iter().filter(is_final) {
            let labels = [("result", disposition.name())];
            let counter = self.host.register_counter("orbital_deliveries_total", &labels);
            counter.absolute(received.of(disposition));
        }
        for rejection in Rejection::ALL {
            let labels = [("reason", rejection.name())];
            let counter = self.host.register_counter("orbital_webhook_rejected_total", &labels);
            counter.absolute(self.waiter.rejections(rejection));
        }
        for (listener, acceptor) in [("webhook", &self.acceptors.webhook), ("admin", &self.acceptors.admin)] {
            for reason in TurnedAway::ALL {
                let labels = [("listener", listener), ("reason", reason.name())];
                let counter = self.host.register_counter("orbital_listener_turned_away_total", &labels);
                counter.absolute(acceptor.turned_away(reason));
            }
            let (in_use, most) = acceptor.connections();
            self.host.gauge("orbital_listener_connections", &[("listener", listener)], in_use as f64);
            self.host.gauge("orbital_listener_max_connections", &[("listener", listener)], most as f64);
        }
        for (stream, output) in [("stdout", &self.outputs.stdout), ("stderr", &self.outputs.stderr)] {
            let counter = self.host.register_counter("orbital_output_dropped_total", &[("stream", stream)]);
            counter.absolute(output.dropped());
        }
        let components = self.components.read();
        for (component, metrics) in components.iter() {
            for (case, family) in &metrics.cases {
                let is_stale = stale.contains(&CaseId::new(component, case));
                let labels = [("component", component.as_str()), ("case", case)];
                family.gauge("orbital_case_stale", &labels, if is_stale { 1.0 } else { 0.0 });
            }
        }
        let families = components.values().flat_map(ComponentMetrics::families);
        let counted = components.values().map(|metrics| metrics.counted.page_of_counters());
        merge(std::iter::once(&self.host).chain(families).map(Family::page).chain(counted), &HELP)
    }

    /// Returns the histogram for the duration of the history's batches.
    pub fn history_batches(&self) -> metrics::Histogram {
        self.host.0.register_histogram(&key("orbital_history_batch_duration_seconds", &[]), &METADATA)
    }

    fn history(&self, status: &HistoryStatus) {
        if status.state == HistoryState::Off {
            return;
        }
        let is = |so: bool| if so { 1.0 } else { 0.0 };
        self.host.gauge("orbital_history_up", &[], is(status.state == HistoryState::Up));
        self.host.gauge("orbital_history_queue_runs", &[], status.queue_runs as f64);
        self.host.gauge("orbital_history_bytes", &[], status.bytes as f64);
        self.host.register_counter("orbital_history_runs_written_total", &[]).absolute(status.written);
        for (reason, runs) in status.dropped {
            let labels = [("reason", reason.name())];
            self.host.register_counter("orbital_history_runs_dropped_total", &labels).absolute(runs);
        }
        if let Some(last) = &status.last_session {
            self.host.gauge("orbital_history_last_session_clean", &[], is(last.missing.is_none()));
        }
    }

    /// Notes whether the configuration on disk is the one in use.
    pub fn config_loaded(&self, successful: bool) {
        self.host.gauge("orbital_config_last_reload_successful", &[], if successful { 1.0 } else { 0.0 });
        if successful {
            self.host.gauge("orbital_config_last_reload_success_timestamp_seconds", &[], now());
        }
    }

    /// Moves observations into their histograms. Without it, they would accumulate until the page is requested.
    pub fn upkeep(&self) {
        self.host.0.handle().run_upkeep();
        let components = self.components.read();
        for family in components.values().flat_map(ComponentMetrics::families) {
            family.0.handle().run_upkeep();
        }
    }

    pub(super) fn record(&self, event: &Event) {
        match event {
            Event::Loaded { component, .. } => self.loaded(component),
            Event::LoadFailed { component, .. } => self.load_ended(component, "failed"),
            Event::Restored { component } => self.load_ended(component, "loaded"),
            Event::Removed { component } => {
                self.components.write().remove(component);
            }
            Event::DirectoryLost(_) => self.host.gauge("orbital_components_directory_up", &[], 0.0),
            Event::DirectoryFound { .. } => self.host.gauge("orbital_components_directory_up", &[], 1.0),
            Event::RunEnded(report) => self.run_ended(report),
            Event::Scheduled { cases } => self.scheduled(cases),
            Event::RunStarted(_) | Event::ClockSet(_) => {}
            Event::RunSkipped { case, reason, count, .. } => self.with_case(case, |family| {
                let labels = skip_labels(case.component(), case.case(), *reason);
                family.register_counter("orbital_runs_skipped_total", &labels).increment(*count);
            }),
        }
    }

    fn loaded(&self, component: &Component) {
        let mut components = self.components.write();
        let metrics = components.entry(component.name.clone()).or_insert_with(ComponentMetrics::new);
        metrics.loads(&component.name, "loaded");
        metrics.digest.clone_from(&component.digest);
        metrics.version = Family::new();
        metrics.counted = Family::new();
        let metadata = &component.metadata;
        metrics.version.gauge(
            "orbital_component_info",
            &[
                ("component", &component.name),
                ("version", &metadata.version),
                ("digest", &component.digest),
                ("language", &metadata.language),
                ("signed_by", &component.signed_by),
            ],
            1.0,
        );
        for budget in Budget::ALL.into_iter().filter(|budget| *budget != Budget::MetricSeries) {
            metrics.own.breaches(&component.name, budget).increment(0);
        }
        metrics.scheduled(&component.name, component.cases.clone());
        let mut replaced = std::mem::take(&mut metrics.cases);
        let mut before = self.before.lock();
        for case in &component.cases {
            let record = before.remove(&case.id).unwrap_or_default();
            let family = replaced.remove(case.id.case());
            let family = family.unwrap_or_else(|| Family::of_case(&component.name, case.id.case(), &record));
            metrics.cases.insert(case.id.case().to_owned(), family);
        }
    }

    /// Updates the information about cases. `cases` are all cases, as they will run.
    fn scheduled(&self, cases: &[Arc<Case>]) {
        let mut by_component: HashMap<&str, Vec<Arc<Case>>> = HashMap::new();
        for case in cases {
            by_component.entry(case.id.component()).or_default().push(case.clone());
        }
        let mut components = self.components.write();
        for (component, cases) in by_component {
            // The component may have been removed.
            if let Some(metrics) = components.get_mut(component) {
                metrics.scheduled(component, cases);
            }
        }
    }

    fn load_ended(&self, component: &str, result: &str) {
        let mut components = self.components.write();
        let metrics = components.entry(component.to_owned()).or_insert_with(ComponentMetrics::new);
        metrics.loads(component, result);
    }

    fn run_ended(&self, report: &Report) {
        let (component, case) = (report.case.component(), report.case.case());
        let of_case = [("component", component), ("case", case)];
        self.with_case(&report.case, |family| {
            let outcome = run_labels(component, case, report.outcome);
            family.register_counter("orbital_runs_total", &outcome).increment(1);
            family.register_counter("orbital_runs_flaky_total", &of_case).increment(u64::from(report.flaky));
            family.observe("orbital_run_duration_seconds", &of_case, report.duration);
            family.used(component, case, report);
            let up = match report.outcome {
                Outcome::Pass => Some(1.0),
                Outcome::Fail | Outcome::Timeout | Outcome::Error => Some(0.0),
                Outcome::Cancelled => None,
            };
            if let Some(up) = up {
                family.gauge("orbital_case_up", &of_case, up);
            }
            if report.outcome == Outcome::Pass {
                family.gauge("orbital_case_last_pass_timestamp_seconds", &of_case, seconds(report.ended()));
            }
            for step in report.steps() {
                if let StepKind::Delivery { latency: Some(latency), .. } = &step.what {
                    family.observe("orbital_delivery_latency_seconds", &of_case, *latency);
                }
            }
        });
        self.record_samples(report);
        self.host.observe("orbital_run_start_delay_seconds", &[], report.start_delay);
        let components = self.components.read();
        let Some(metrics) = components.get(component) else { return };
        for breach in report.attempts.iter().filter_map(|attempt| attempt.usage.breach) {
            metrics.own.breaches(component, breach.budget).increment(1);
        }
        for step in report.steps() {
            // A request that was not sent took no time. The name of its target may be any text.
            if let (StepKind::Send { target, status, .. }, Some(took)) = (&step.what, step.took) {
                let class = status.map_or("none", status_class);
                let labels = [("component", component), ("target", target), ("status_class", class)];
                metrics.own.observe("orbital_event_send_duration_seconds", &labels, took);
            }
        }
    }

    /// Corrects the times at which cases last passed, by case id, after the clock was set back.
    pub(super) fn correct_last_passes(&self, last_passes: &[(CaseId, SystemTime)]) {
        for (case_id, last_pass) in last_passes {
            self.with_case(case_id, |family| {
                let of_case = [("component", case_id.component()), ("case", case_id.case())];
                family.gauge("orbital_case_last_pass_timestamp_seconds", &of_case, seconds(*last_pass));
            });
        }
    }

    /// Records the metrics of tests, unless another version runs by now: then their series were removed.
    fn record_samples(&self, report: &Report) {
        let components = self.components.read();
        let metrics = components.get(report.case.component());
        let Some(metrics) = metrics.filter(|metrics| metrics.digest == report.digest) else { return };
        for sample in report.attempts.iter().flat_map(|attempt| &attempt.samples) {
            let mut labels = vec![("component", report.case.component()), ("case", report.case.case())];
            labels.extend(sample.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let key = key(format!("orbital_test_{}", sample.name), &labels);
            match sample.kind {
                MetricKind::Counter => {
                    metrics.counted.0.register_gauge(&key, &METADATA).increment(sample.value)
                }
                MetricKind::Gauge => metrics.version.0.register_gauge(&key, &METADATA).set(sample.value),
                MetricKind::Histogram => {
                    metrics.version.0.register_histogram(&key, &METADATA).record(sample.value);
                }
            }
        }
    }

    /// Updates the series of a case. A run may end after its component or its case was removed; then its series must
    /// not be created again.
    fn with_case(&self, case: &CaseId, record: impl FnOnce(&Family)) {
        let components = self.components.read();
        let metrics = components.get(case.component());
        if let Some(family) = metrics.and_then(|metrics| metrics.cases.get(case.case())) {
            record(family);
        }
    }
}

impl ComponentMetrics {
    fn new() -> Self {
        Self {
            own: Family::new(),
            digest: String::new(),
            version: Family::new(),
            counted: Family::new(),
            cases: HashMap::new(),
            info: Family::new(),
            described: Vec::new(),
        }
    }

    fn scheduled(&mut self, component: &str, mut cases: Vec<Arc<Case>>) {
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

    fn loads(&self, component: &str, result: &str) {
        let labels = |result| [("component", component), ("result", result)];
        for result in ["loaded", "failed"] {
            self.own.register_counter("orbital_component_loads_total", &labels(result)).increment(0);
        }
        self.own.register_counter("orbital_component_loads_total", &labels(result)).increment(1);
        let failing = if result == "failed" { 1.0 } else { 0.0 };
        self.own.gauge("orbital_component_load_failing", &[("component", component)], failing);
    }

    fn families(&self) -> impl Iterator<Item = &Family> {
        [&self.own, &self.version, &self.info].into_iter().chain(self.cases.values())
    }
}

impl Family {
    fn new() -> Self {
        let builder = PrometheusBuilder::new();
        // This fails only if there are no buckets.
        let builder = builder.set_buckets(&BUCKETS).unwrap_or_else(|_| PrometheusBuilder::new());
        Self(builder.build_recorder())
    }

    /// Creates the series of a case, with its counters at zero, so that the first failure is an increase, and with the
    /// state that is known from earlier runs.
    fn of_case(component: &str, case: &str, record: &CaseRecord) -> Self {
        let family = Self::new();
        let of_case = [("component", component), ("case", case)];
        if let Some(standing) = record.standing {
            family.gauge("orbital_case_up", &of_case, if standing.up { 1.0 } else { 0.0 });
        }
        if let Some(last_pass) = record.last_pass {
            family.gauge("orbital_case_last_pass_timestamp_seconds", &of_case, seconds(last_pass));
        }
        for outcome in Outcome::ALL {
            family.register_counter("orbital_runs_total", &run_labels(component, case, outcome)).increment(0);
        }
        family.register_counter("orbital_runs_flaky_total", &of_case).increment(0);
        for reason in SkipReason::ALL {
            family
                .register_counter("orbital_runs_skipped_total", &skip_labels(component, case, reason))
                .increment(0);
        }
        family
    }

    /// Records the resource usage of a run.
    fn used(&self, component: &str, case: &str, report: &Report) {
        let of_case = [("component", component), ("case", case)];
        let attempts = || report.attempts.iter().map(|attempt| &attempt.usage);
        let cpu: f64 = attempts().map(|usage| usage.cpu.as_secs_f64()).sum();
        self.0.register_gauge(&key(CPU_SECONDS, &of_case), &METADATA).increment(cpu);
        let memory = attempts().map(|usage| usage.peak_of(Budget::Memory)).max().unwrap_or_default();
        self.gauge("orbital_run_memory_peak_bytes", &of_case, memory as f64);
    }

    fn breaches(&self, component: &str, budget: Budget) -> metrics::Counter {
        let labels = [("component", component), ("budget", budget.name())];
        self.register_counter("orbital_budget_breaches_total", &labels)
    }

    fn page(&self) -> String {
        let page = self.0.handle().render();
        page.replace(&format!("# TYPE {CPU_SECONDS} gauge"), &format!("# TYPE {CPU_SECONDS} counter"))
    }

    /// Renders gauges as counters.
    fn page_of_counters(&self) -> String {
        let as_counter =
            |line: &str| match line.strip_prefix("# TYPE ").and_then(|line| line.strip_suffix(" gauge")) {
                Some(name) => format!("# TYPE {name} counter\n"),
                None => format!("{line}\n"),
            };
        self.page().lines().map(as_counter).collect()
    }

    fn register_counter(&self, name: &'static str, labels: &[(&str, &str)]) -> metrics::Counter {
        self.0.register_counter(&key(name, labels), &METADATA)
    }

    fn gauge(&self, name: &'static str, labels: &[(&str, &str)], value: f64) {
        self.0.register_gauge(&key(name, labels), &METADATA).set(value);
    }

    fn observe(&self, name: &'static str, labels: &[(&str, &str)], duration: Duration) {
        self.0.register_histogram(&key(name, labels), &METADATA).record(duration.as_secs_f64());
    }
}

/// Returns the seconds since the Unix epoch.
fn now() -> f64 {
    seconds(SystemTime::now())
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

const METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, None);

fn key(name: impl Into<metrics::KeyName>, labels: &[(&str, &str)]) -> Key {
    let labels = labels.iter().map(|(name, value)| Label::new((*name).to_owned(), (*value).to_owned()));
    Key::from_parts(name, labels.collect::<Vec<_>>())
}

fn run_labels<'a>(component: &'a str, case: &'a str, outcome: Outcome) -> [(&'static str, &'a str); 3] {
    [("component", component), ("case", case), ("outcome", outcome.name())]
}

fn skip_labels<'a>(component: &'a str, case: &'a str, reason: SkipReason) -> [(&'static str, &'a str); 3] {
    [("component", component), ("case", case), ("reason", reason.name())]
}

fn status_class(status: u16) -> &'static str {
    match status {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
