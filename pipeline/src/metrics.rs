//! The numbers that the pipeline shows about itself.

use metrics::{counter, describe_counter, describe_gauge, gauge, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use crate::route::Routes;

const ACCEPTED: &str = "pipeline_events_accepted_total";
const DUPLICATE: &str = "pipeline_events_duplicate_total";
const REJECTED: &str = "pipeline_events_rejected_total";
const DELIVERIES: &str = "pipeline_deliveries_total";
const QUEUE_DEPTH: &str = "pipeline_queue_depth";

/// The metrics of one pipeline, in a recorder of its own, so that several can live in one process.
pub(crate) struct Metrics(PrometheusRecorder);

impl Metrics {
    /// Describes every metric and starts the counters of all that is routed at 0, so that a rate has no gap.
    pub(crate) fn new(routes: &Routes) -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        with_local_recorder(&recorder, || {
            describe_counter!(ACCEPTED, "Events accepted for processing");
            describe_counter!(DUPLICATE, "Events whose id had been accepted before, not processed again");
            describe_counter!(REJECTED, "Events refused: invalid, too large, the queue was full, or a fault");
            describe_counter!(
                DELIVERIES,
                "Deliveries ended: taken by the destination, or given up after all attempts"
            );
            describe_gauge!(QUEUE_DEPTH, "Events accepted and not yet delivered");
            for kind in routes.types() {
                counter!(ACCEPTED, "type" => kind.to_owned()).absolute(0);
            }
            counter!(DUPLICATE).absolute(0);
            counter!(REJECTED).absolute(0);
            for destination in routes.all_destinations() {
                for result in ["ok", "failed"] {
                    counter!(DELIVERIES, "destination" => destination.name.clone(), "result" => result)
                        .absolute(0);
                }
            }
        });
        Self(recorder)
    }

    pub(crate) fn accepted(&self, kind: &str) {
        with_local_recorder(&self.0, || counter!(ACCEPTED, "type" => kind.to_owned()).increment(1));
    }

    pub(crate) fn duplicate(&self) {
        with_local_recorder(&self.0, || counter!(DUPLICATE).increment(1));
    }

    pub(crate) fn rejected(&self) {
        with_local_recorder(&self.0, || counter!(REJECTED).increment(1));
    }

    pub(crate) fn delivered(&self, destination: &str, ok: bool) {
        let result = if ok { "ok" } else { "failed" };
        with_local_recorder(&self.0, || {
            counter!(DELIVERIES, "destination" => destination.to_owned(), "result" => result).increment(1);
        });
    }

    /// The page that Prometheus scrapes.
    pub(crate) fn render(&self, queue_depth: usize) -> String {
        with_local_recorder(&self.0, || gauge!(QUEUE_DEPTH).set(queue_depth as f64));
        self.0.handle().render()
    }
}
