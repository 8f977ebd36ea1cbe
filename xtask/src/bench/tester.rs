//! A running tester, and the times of its runs.

use std::time::SystemTime;

use anyhow::ensure;
use serde_json::Value;

use super::{host::Host, server::Server};
use crate::{felt::Times, stage::Process};

/// How many reports of runs are read to tell their times.
const REPORTS: usize = 2000;

/// A running tester.
pub(crate) enum Tester {
    Host(Host),
    Opponent(Server),
}

impl Tester {
    pub(crate) fn process(&self) -> &Process {
        match self {
            Self::Host(host) => &host.process,
            Self::Opponent(server) => &server.process,
        }
    }

    /// Forgets the times of runs so far.
    pub(crate) fn reset(&self) -> anyhow::Result<()> {
        match self {
            Self::Host(_) => Ok(()),
            Self::Opponent(server) => server.ask("POST /reset", ""),
        }
    }

    /// Returns the times of runs that started after this.
    ///
    /// # Errors
    /// A run did not pass.
    pub(crate) fn times(&self, since: SystemTime) -> anyhow::Result<RunTimes> {
        match self {
            Self::Host(host) => {
                let times = RunTimes::of(&host.reports(since, REPORTS)?);
                host.expect_passes()?;
                Ok(times)
            }
            Self::Opponent(server) => {
                let stats = server.stats()?;
                ensure!(stats["failed"] == 0, "runs failed: {stats}");
                let read = |name: &str| ["p50", "p99", "max"].map(|part| milliseconds(&stats[name][part]));
                Ok(RunTimes {
                    start_delay: read("start_delay_us"),
                    resume: read("resume_us"),
                    duration: read("duration_us"),
                })
            }
        }
    }

    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Host(host) => host.process.stop(),
            Self::Opponent(server) => server.process.stop(),
        }
    }
}

/// Times of runs, in milliseconds: p50, p99, and the longest.
pub(crate) struct RunTimes {
    /// From the due time to the start.
    pub(crate) start_delay: [f64; 3],
    /// From the delivery to the test's next statement, of runs that waited for it.
    pub(crate) resume: [f64; 3],
    /// From the start to the end.
    pub(crate) duration: [f64; 3],
}

impl RunTimes {
    /// Reads reports of runs.
    pub(crate) fn of(reports: &[Value]) -> Self {
        let of_runs = |name: &str| percentiles(reports.iter().filter_map(|run| run[name].as_f64()));
        Self {
            start_delay: of_runs("start_delay"),
            resume: percentiles(reports.iter().filter_map(resume)),
            duration: of_runs("duration"),
        }
    }
}

/// Returns the time from a run's first delivery to the end of the wait for it; none if it arrived earlier.
fn resume(report: &Value) -> Option<f64> {
    let timeline = report["attempts"][0]["timeline"].as_array()?;
    let first = |kind: &str| timeline.iter().find(|step| step["step"] == kind);
    let (wait, delivery) = (first("wait")?, first("delivery")?);
    let (began, arrived) = (wait["at"].as_f64()?, delivery["at"].as_f64()?);
    let resumed = began + wait["took"].as_f64()? - arrived;
    (arrived > began).then_some(resumed)
}

/// Returns p50, p99 and the longest of these times, from seconds to milliseconds.
pub(crate) fn percentiles(seconds: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut times = Times::default();
    times.extend(seconds.map(|seconds| seconds * 1e3));
    [0.5, 0.99, 1.0].map(|part| times.at(part))
}

/// Returns a number of microseconds in milliseconds; not a number if there is none.
pub(crate) fn milliseconds(microseconds: &Value) -> f64 {
    microseconds.as_f64().map_or(f64::NAN, |microseconds| microseconds / 1e3)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_that_waited_was_resumed_after_its_delivery() {
        let report = |arrived: f64| {
            let wait = json!({ "step": "wait", "at": 1.0, "took": 0.5 });
            let delivery = json!({ "step": "delivery", "at": arrived });
            json!({ "attempts": [{ "timeline": [wait, delivery] }], "start_delay": 0.25 })
        };
        let times = RunTimes::of(&[report(1.25), report(0.5)]);
        assert_eq!(times.resume, [250.0; 3]);
        assert_eq!(times.start_delay, [250.0; 3]);
        assert!(times.duration[0].is_nan());
    }
}
