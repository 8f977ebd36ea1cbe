//! `orbital compare`

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use orbital_compare::{Aspect, CaseComparison, Comparison, LEVEL};
use orbital_model::describe::short;
use orbital_model::text::{Printable, printable_json};
use orbital_model::{Pattern, Window};

use super::{Exit, LogFormat, complain, print, start_log};
use crate::foundation::{StartError, environments};
use crate::settings::Settings;

/// The maximum width of the column of case ids, in characters, so that the table fits into 100.
const WIDEST_ID: usize = 36;

/// Put two environments side by side: how many runs of each case pass in either, how long its deliveries take, and what
/// of that differs by more than noise.
///
/// Each environment is a host of orbital that the configuration names in a section `[environments.NAME]`. The code is 0
/// if nothing differs, 1 if something does, and more if that cannot be said.
#[derive(clap::Args)]
pub(super) struct Compare {
    /// The name of an environment, such as `staging`.
    one: String,
    /// Another one, such as `production`.
    other: String,
    /// How far to look back, such as `15m` or `7d`.
    #[arg(long, value_name = "DURATION", default_value_t = Window::DAY)]
    window: Window,
    /// Only cases whose id matches, such as `shop/*`.
    #[arg(long, value_name = "PATTERN", value_parser = Pattern::parse)]
    cases: Option<Pattern>,
    /// Print it as JSON.
    #[arg(long)]
    json: bool,
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = "orbital.toml")]
    config: PathBuf,
}

impl Compare {
    pub(super) fn execute(self) -> anyhow::Result<Exit> {
        let masker = start_log("warn", LogFormat::Human)?.masker;
        let mut settings = Settings::load(&self.config)?;
        let pair = [self.one.as_str(), self.other.as_str()];
        // Comparing does not require the secrets of a running host.
        settings.live.environments = settings.live.environments.pair(pair)?;
        let secrets = settings.live.secrets.fetch_those(|secret| settings.live.environments.want(secret));
        let secrets = secrets.map_err(StartError::Secrets)?;
        masker.learn(&secrets)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.context("cannot start")?;
        let environments = environments(&settings.live.environments, &secrets)?;
        let compared = runtime.block_on(environments.compare(pair, self.window, self.cases.as_ref()));
        match compared {
            Ok(comparison) => self.show(&comparison),
            Err(errors) => {
                for error in &errors {
                    complain(masker.text(&error.to_string()));
                }
                Ok(Exit::Host)
            }
        }
    }

    fn show(&self, comparison: &Comparison) -> anyhow::Result<Exit> {
        if self.json {
            print(&format!("{}\n", printable_json(&serde_json::to_string(comparison)?)))?;
        } else {
            print(&table(comparison))?;
        }
        let Comparison { environments, runs, window, .. } = comparison;
        let silent: Vec<_> = environments.iter().zip(runs).filter(|(_, runs)| **runs == 0).collect();
        let which = self.cases.as_ref().map(|cases| format!(" of `{cases}`")).unwrap_or_default();
        for (name, _) in &silent {
            complain(format_args!("`{name}` has no runs{which} within {window}; nothing can be said"));
        }
        Ok(match comparison.differing().next() {
            _ if !silent.is_empty() => Exit::Usage,
            Some(_) => Exit::NotPassed,
            None => Exit::Ok,
        })
    }
}

fn table(comparison: &Comparison) -> String {
    let Comparison { environments: [one, other], window, cases, only_in, .. } = comparison;
    let mut text = format!("{one} → {other}, the last {window}\n");
    if !cases.is_empty() {
        let widest = cases.iter().map(|case| id(&case.id).chars().count()).max().unwrap_or(0).max(4);
        let _ = writeln!(text, "\n  {:widest$}  {:17}  {:19}  {:19}", "case", "pass", "p50", "p95");
        for case in cases {
            let cells = [
                cell(case, Aspect::PassRatio, case.sides.each_ref().map(|side| side.pass_ratio.map(percent))),
                cell(case, Aspect::P50, latencies(case, |latency| latency.p50)),
                cell(case, Aspect::P95, latencies(case, |latency| latency.p95)),
            ];
            let [pass, p50, p95] = cells;
            let mark = if case.differs { '!' } else { ' ' };
            let row = format!("{mark} {:widest$}  {pass:17}  {p50:19}  {p95}", id(&case.id));
            let _ = writeln!(text, "{}", row.trim_end());
        }
    }
    for (name, ids) in comparison.environments.iter().zip(only_in) {
        if !ids.is_empty() {
            let ids: Vec<_> = ids.iter().map(|one| Printable(one).to_string()).collect();
            let _ = writeln!(text, "\nonly in {name}: {}", ids.join(", "));
        }
    }
    for name in &comparison.without_buckets {
        let _ = writeln!(text, "\nlatencies are not tested: {name} does not say how they are distributed");
    }
    let differing = comparison.differing().count();
    let _ = writeln!(
        text,
        "\n{differing} of {} cases differ by more than noise (!). Pass: Fisher's exact test; p50: Mann–Whitney U;\n\
         p95: Fisher's exact test of what is above it; of all marks, {}% are noise (Benjamini–Hochberg).",
        cases.len(),
        LEVEL * 100.0
    );
    text
}

/// Returns both sides of an aspect, marked if the case differs in it.
fn cell(case: &CaseComparison, aspect: Aspect, sides: [Option<String>; 2]) -> String {
    let [one, other] = sides.map(|side| side.unwrap_or_else(|| "–".to_owned()));
    format!("{one} → {other}{}", if case.differs_in(aspect) { " !" } else { "" })
}

fn latencies(
    case: &CaseComparison,
    part: impl Fn(&orbital_compare::Latency) -> Duration,
) -> [Option<String>; 2] {
    case.sides.each_ref().map(|side| side.stats.latency.as_ref().map(|latency| short(part(latency))))
}

/// Formats a ratio as a percentage, rounded down, so that only a ratio of 1 is shown as 100%.
fn percent(ratio: f64) -> String {
    match ratio {
        1.0 => "100%".to_owned(),
        ratio => format!("{:.2}%", (ratio * 1e4).floor() / 1e2),
    }
}

/// Returns an id cut to fit, with its end, which distinguishes it from others. It comes from another host, so it may be
/// any text.
fn id(id: &str) -> String {
    let id = Printable(id).to_string();
    match id.chars().count() {
        length if length > WIDEST_ID => {
            format!("…{}", id.chars().skip(length - WIDEST_ID + 1).collect::<String>())
        }
        _ => id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_is_never_rounded_up_to_all() {
        let shown = [1.0, 0.99999, 0.9731, 0.0].map(percent);
        assert_eq!(shown, ["100%", "99.99%", "97.31%", "0.00%"]);
    }

    #[test]
    fn a_long_id_keeps_its_end() {
        let long = format!("shop/{}-tail", "x".repeat(60));
        let shown = id(&long);
        assert!(shown.starts_with('…') && shown.ends_with("-tail"));
        assert_eq!((shown.chars().count(), id("shop/smoke")), (WIDEST_ID, "shop/smoke".to_owned()));
    }
}
