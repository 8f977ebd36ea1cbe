//! Runs that did not pass, and whether the host or the machine is to blame.

use std::{
    fmt,
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::stalls::Stalls;

/// How many runs a page of the API lists.
const PAGE: usize = 500;

/// How many runs a message shows.
const SHOWN: usize = 10;

/// The largest part of all runs that may be bad because the machine stalled. Beyond it nothing is known of the host.
const EXCUSED: f64 = 0.05;

/// The outcomes other than `pass`.
const OUTCOMES: [&str; 4] = ["fail", "timeout", "error", "cancelled"];

/// A run that did not pass.
pub(crate) struct BadRun {
    case: String,
    outcome: &'static str,
    message: String,
    began: SystemTime,
    ended: SystemTime,
}

impl BadRun {
    /// Lists the runs of some cases that did not pass and began after this, as the API knows them.
    pub(super) fn list(
        api: impl Fn(&str) -> anyhow::Result<Value>,
        cases: &str,
        since: SystemTime,
    ) -> anyhow::Result<Vec<Self>> {
        let mut bad = Vec::new();
        for outcome in OUTCOMES {
            let mut before = String::new();
            'pages: loop {
                let page = api(&format!("runs?cases={cases}&outcome={outcome}&limit={PAGE}{before}"))?;
                for run in page["runs"].as_array().context("the list has no runs")? {
                    let run = Self::read(run, outcome)?;
                    if run.began < since {
                        break 'pages;
                    }
                    bad.push(run);
                }
                match page["next"].as_str() {
                    Some(next) => before = format!("&before={next}"),
                    None => break,
                }
            }
        }
        Ok(bad)
    }

    fn read(run: &Value, outcome: &'static str) -> anyhow::Result<Self> {
        let text = |field: &str| run[field].as_str().unwrap_or_default();
        let began = began(text("run"))?;
        let duration = run["duration"].as_f64().context("a run has no duration")?;
        Ok(Self {
            case: format!("{}/{}", text("component"), text("case")),
            outcome,
            message: text("message").lines().next().unwrap_or_default().to_owned(),
            began,
            ended: began + Duration::from_secs_f64(duration),
        })
    }
}

impl fmt::Display for BadRun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` ended with `{}`: {}", self.case, self.outcome, self.message)
    }
}

/// Returns how many of these runs are excused, as the machine stalled while they ran.
///
/// # Errors
/// One is not excused, or so many are that the machine is no place to judge a host.
pub(super) fn judge(bad: &[BadRun], stalls: &Stalls, all: f64) -> anyhow::Result<usize> {
    let is_excused = |run: &&BadRun| stalls.any_within(run.began, run.ended);
    let blamed: Vec<&BadRun> = bad.iter().filter(|run| !is_excused(run)).collect();
    let shown: Vec<String> = blamed.iter().take(SHOWN).map(ToString::to_string).collect();
    ensure!(blamed.is_empty(), "{} runs did not pass:\n  {}", blamed.len(), shown.join("\n  "));
    ensure!(
        bad.len() as f64 <= all * EXCUSED,
        "{} of {all} runs did not pass because the machine stalled; that is too many to judge the host, so try again \
         when the machine is less busy",
        bad.len()
    );
    Ok(bad.len())
}

/// When a run began: the first 48 bits of its id, a UUID of version 7, are the time in milliseconds.
pub(crate) fn began(run: &str) -> anyhow::Result<SystemTime> {
    let digits: String = run.chars().filter(|character| *character != '-').take(12).collect();
    let milliseconds = u64::from_str_radix(&digits, 16).with_context(|| format!("`{run}` is no run's id"))?;
    Ok(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A run that began at this second and took one.
    fn run(second: u64) -> BadRun {
        let id = format!("{:012x}-74ee", second * 1000);
        let run =
            json!({ "run": id, "component": "a", "case": "b", "duration": 1.0, "message": "why\nand where" });
        BadRun::read(&run, "fail").unwrap()
    }

    fn stalled(from: u64, to: u64) -> Stalls {
        let at = |second| SystemTime::UNIX_EPOCH + Duration::from_secs(second);
        Stalls::known(vec![(at(from), at(to))])
    }

    #[test]
    fn a_run_says_when_it_began() {
        let began = began("01a2077f-465d-74ee-bc1a-f3eef012754e").unwrap();
        assert_eq!(began.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis(), 0x01a2_077f_465d);
    }

    #[test]
    fn runs_are_excused_only_while_the_machine_stalled() {
        let (stalls, runs) = (stalled(100, 102), [run(101), run(500)]);
        assert_eq!(judge(&runs[..1], &stalls, 1000.0).unwrap(), 1);
        let error = judge(&runs, &stalls, 1000.0).unwrap_err();
        assert_eq!(error.to_string(), "1 runs did not pass:\n  `a/b` ended with `fail`: why");
    }

    #[test]
    fn a_machine_that_stalls_too_often_is_no_excuse() {
        let runs: Vec<BadRun> = (0..6).map(|_| run(101)).collect();
        assert_eq!(judge(&runs, &stalled(100, 102), 120.0).unwrap(), 6);
        let error = judge(&runs, &stalled(100, 102), 119.0).unwrap_err();
        assert!(error.to_string().contains("6 of 119 runs"), "{error}");
    }

    #[test]
    fn the_list_ends_with_runs_of_an_earlier_host_and_has_all_pages() {
        let page = |path: &str| {
            let run = |second: u64| json!({ "run": format!("{:012x}", second * 1000), "duration": 1.0 });
            Ok(match path {
                "runs?cases=a/*&outcome=fail&limit=500" => json!({ "runs": [run(30)], "next": "x" }),
                "runs?cases=a/*&outcome=fail&limit=500&before=x" => {
                    json!({ "runs": [run(20), run(9)], "next": "y" })
                }
                path if path.contains("outcome=fail") => panic!("{path}"),
                _ => json!({ "runs": [], "next": null }),
            })
        };
        let since = SystemTime::UNIX_EPOCH + Duration::from_secs(10);
        assert_eq!(BadRun::list(page, "a/*", since).unwrap().len(), 2);
    }
}
