//! The metrics page. The names are listed in `docs/metrics.md`.

mod case;
mod component;
mod family;
mod help;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::SystemTime;

use orbital_history::{HistoryState, HistoryStatus};
use orbital_listener::{Acceptors, TurnedAway};
use orbital_model::{Budget, Case, CaseId, CaseRecord, Report};
use orbital_run::component::Component;
use orbital_run::event::Event;
use orbital_webhook::waiter::{Disposition, Rejection, Waiter};
use parking_lot::{Mutex, RwLock};
use tokio::runtime::Handle;

use crate::exposition::merge;
use crate::metrics::case::CaseMetrics;
use crate::metrics::component::ComponentMetrics;
use crate::metrics::family::{Family, flag, now, seconds};
use crate::metrics::help::HELP;
use crate::output::Outputs;

/// Keeps the metrics and renders the page.
pub struct MetricsSink {
    host: Family,
    start_delay: metrics::Histogram,
    components: RwLock<HashMap<String, ComponentMetrics>>,
    /// The state of cases at the end of the previous host, by id, until they are loaded for the first time.
    before: Mutex<HashMap<CaseId, CaseRecord>>,
    waiter: Arc<Waiter>,
    /// The runtimes, with their names.
    runtimes: [(&'static str, Handle); 2],
    acceptors: Acceptors,
    outputs: Outputs,
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
        let start_delay = host.register_histogram("orbital_run_start_delay_seconds", &[]);
        Arc::new(Self {
            host,
            start_delay,
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
            for (case, metrics) in &metrics.cases {
                metrics.stale(stale.contains(&CaseId::new(component, case)));
            }
        }
        let families = components.values().flat_map(ComponentMetrics::families);
        let counted = components.values().map(|metrics| metrics.counted.page_of_counters());
        merge(std::iter::once(&self.host).chain(families).map(Family::page).chain(counted), &HELP)
    }

    /// Returns the histogram for the duration of the history's batches.
    pub fn history_batches(&self) -> metrics::Histogram {
        self.host.register_histogram("orbital_history_batch_duration_seconds", &[])
    }

    fn history(&self, status: &HistoryStatus) {
        if status.state == HistoryState::Off {
            return;
        }
        self.host.gauge("orbital_history_up", &[], flag(status.state == HistoryState::Up));
        self.host.gauge("orbital_history_queue_runs", &[], status.queue_runs as f64);
        self.host.gauge("orbital_history_bytes", &[], status.bytes as f64);
        self.host.register_counter("orbital_history_runs_written_total", &[]).absolute(status.written);
        for (reason, runs) in status.dropped {
            let labels = [("reason", reason.name())];
            self.host.register_counter("orbital_history_runs_dropped_total", &labels).absolute(runs);
        }
        if let Some(last) = &status.last_session {
            self.host.gauge("orbital_history_last_session_clean", &[], flag(last.missing.is_none()));
        }
    }

    /// Notes whether the configuration on disk is the one in use.
    pub fn config_loaded(&self, successful: bool) {
        self.host.gauge("orbital_config_last_reload_successful", &[], flag(successful));
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
            Event::RunSkipped { case, reason, count, .. } => {
                self.with_case(case, |metrics| metrics.skipped(*reason, *count));
            }
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
            let kept = replaced.remove(case.id.case());
            let of_case = kept.unwrap_or_else(|| CaseMetrics::new(&case.id, &record));
            metrics.cases.insert(case.id.case().to_owned(), of_case);
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
        self.start_delay.record(report.start_delay.as_secs_f64());
        let component = report.case.component();
        let components = self.components.read();
        let Some(metrics) = components.get(component) else { return };
        // A run may end after its case was removed; then its series must not be created again.
        if let Some(of_case) = metrics.cases.get(report.case.case()) {
            of_case.ended(report);
        }
        metrics.record_samples(report);
        for breach in report.attempts.iter().filter_map(|attempt| attempt.usage.breach) {
            metrics.own.breaches(component, breach.budget).increment(1);
        }
        metrics.sends.record(&metrics.own, report);
    }

    /// Corrects the times at which cases last passed, by case id, after the clock was set back.
    pub(super) fn correct_last_passes(&self, last_passes: &[(CaseId, SystemTime)]) {
        for (case_id, last_pass) in last_passes {
            self.with_case(case_id, |metrics| metrics.passed(seconds(*last_pass)));
        }
    }

    /// Updates the series of a case. It may have been removed meanwhile.
    fn with_case(&self, case: &CaseId, record: impl FnOnce(&CaseMetrics)) {
        let components = self.components.read();
        let metrics = components.get(case.component());
        if let Some(metrics) = metrics.and_then(|metrics| metrics.cases.get(case.case())) {
            record(metrics);
        }
    }
}
