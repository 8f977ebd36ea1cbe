//! The effects on good tests: the delay of their start, and the latency of their deliveries.

use std::{
    fmt, thread,
    time::{Duration, Instant, SystemTime},
};

use anyhow::Context as _;
use serde_json::Value;

use crate::stage::{Signals, Stage};

/// How often a command looks whether it is told to stop.
const GLANCE: Duration = Duration::from_millis(50);

/// How many runs a page of the API lists.
const PAGE: usize = 500;

/// The runs that are looked at: fifty a second with these settings, of ten copies of the example suite.
const LOOKED_AT: &str = "good-0?/smoke";

/// Has them run as often, and the host keep them until they are looked at.
pub(crate) const SETTINGS: &str = "
[journal]
runs_per_case = 10000
max_bytes = \"4GiB\"

[[override]]
cases = \"good-*/*\"
timeout = \"1m\"

[[override]]
cases = \"good-0?/smoke\"
every = \"200ms\"
";

/// Delays and latencies of the good runs within some time.
#[derive(Default)]
pub(crate) struct Felt {
    pub(crate) not_passed: usize,
    pub(crate) start: Times,
    pub(crate) latency: Times,
}

impl Felt {
    pub(crate) const HEAD: &'static str =
        "  runs  not passed | start delay p50 / p99 / max, ms | delivery latency p50 / p99 / max, ms";

    /// Lets some time pass, and looks at the runs that were started in it.
    pub(crate) fn during(stage: &mut Stage, signals: &Signals, duration: Duration) -> anyhow::Result<Self> {
        let began = SystemTime::now();
        pass(stage, signals, duration)?;
        let mut felt = Self::default();
        let mut before = String::new();
        loop {
            let page = stage.api(&format!("runs?cases={LOOKED_AT}&limit={PAGE}{before}"))?;
            for run in page["runs"].as_array().context("the list has no runs")? {
                let id = run["run"].as_str().context("a run has no id")?;
                if crate::stage::began(id)? < began {
                    return Ok(felt);
                }
                felt.count(&stage.api(&format!("runs/{id}"))?);
            }
            match page["next"].as_str() {
                Some(next) => before = format!("&before={next}"),
                None => return Ok(felt),
            }
        }
    }

    fn count(&mut self, report: &Value) {
        if report["outcome"] != "pass" {
            self.not_passed += 1;
        }
        self.start.0.extend(report["start_delay"].as_f64());
        let attempts = report["attempts"].as_array().into_iter().flatten();
        let steps = attempts.filter_map(|attempt| attempt["timeline"].as_array()).flatten();
        let deliveries = steps.filter(|step| step["step"] == "delivery");
        self.latency.0.extend(deliveries.filter_map(|step| step["latency"].as_f64()));
    }
}

impl fmt::Display for Felt {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:6} {:11} |", self.start.0.len(), self.not_passed)?;
        for (index, (times, width)) in [(&self.start, 7), (&self.latency, 9)].into_iter().enumerate() {
            if index > 0 {
                write!(formatter, " |")?;
            }
            for quantile in [0.5, 0.99, 1.0] {
                write!(formatter, " {:width$.1}", times.at(quantile) * 1e3)?;
            }
        }
        Ok(())
    }
}

/// Lets some time pass while the host runs.
pub(crate) fn pass(stage: &mut Stage, signals: &Signals, duration: Duration) -> anyhow::Result<()> {
    let end = Instant::now() + duration;
    while Instant::now() < end && !signals.told_to_stop() {
        stage.expect_running()?;
        thread::sleep(GLANCE);
    }
    Ok(())
}

/// In seconds.
#[derive(Default)]
pub(crate) struct Times(Vec<f64>);

impl Times {
    /// The smallest that at least this part of them does not exceed.
    pub(crate) fn at(&self, quantile: f64) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() as f64 * quantile).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }
}

impl Extend<f64> for Times {
    fn extend<I: IntoIterator<Item = f64>>(&mut self, times: I) {
        self.0.extend(times);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let times = Times((1..=100).rev().map(f64::from).collect());
        assert_eq!([0.5, 0.99, 1.0].map(|quantile| times.at(quantile)), [50.0, 99.0, 100.0]);
        assert!(Times::default().at(0.5).is_nan());
    }
}
