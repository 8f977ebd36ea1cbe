//! A table of what a component may reach.

use std::fmt::Write as _;

use orbital_model::text::Printable;
use orbital_policy::grants::{Asks, TargetReach};
use orbital_run::component::Component;
use orbital_run::registry::Policy;

/// Appends what a component asks for and what it is granted by this policy. `None` means that there is no
/// configuration.
pub(super) fn describe(
    text: &mut String,
    component: &Component,
    policy: Option<&Policy>,
) -> std::fmt::Result {
    let asks = component.asks();
    // Manifests are untrusted.
    let printable =
        |(ask, granted): (String, String)| (Printable(&ask).to_string(), Printable(&granted).to_string());
    let rows: Vec<_> = rows(&asks, component, policy).into_iter().map(printable).collect();
    let by = if asks.by_manifest { "manifest" } else { "imports, as it has no manifest" };
    if rows.is_empty() {
        return writeln!(text, "  asks for nothing, by its {by}");
    }
    let title = format!("asks for, by its {by}");
    if policy.is_none() {
        writeln!(text, "  {title} (nothing is granted without a configuration; see `--config`):")?;
        return rows.iter().try_for_each(|(ask, _)| writeln!(text, "    {ask}"));
    }
    // The title starts two columns further to the left, and ends with a colon.
    let widths = rows.iter().map(|(ask, _)| ask.chars().count()).chain([title.len().saturating_sub(1)]);
    let width = widths.max().unwrap_or_default();
    writeln!(text, "  {:<1$}  granted:", title + ":", width + 2)?;
    rows.iter().try_for_each(|(ask, granted)| writeln!(text, "    {ask:<width$}  {granted}"))
}

fn rows(asks: &Asks, component: &Component, policy: Option<&Policy>) -> Vec<(String, String)> {
    let grants = policy.map(|policy| policy.runner.live.rules.grants(&component.name)).unwrap_or_default();
    let set = policy.map(|policy| policy.config_names(component)).unwrap_or_default();
    let what = &asks.what;
    let hosts = || listed(grants.hosts.iter().map(|grant| grant.pattern.text().to_owned()));
    let targets = || listed(grants.targets.iter().map(TargetReach::to_string));
    let mut rows = Vec::new();
    for target in &what.targets {
        rows.push(match asks.by_manifest {
            true => (format!("target {target}"), yes(target.is_within(&grants.targets))),
            false => ("targets".to_owned(), targets()),
        });
    }
    for host in &what.hosts {
        let is_granted = grants.hosts.iter().any(|grant| grant.pattern.covers(host));
        rows.push(match asks.by_manifest {
            true => (format!("host {host}"), yes(is_granted)),
            false => ("hosts".to_owned(), hosts()),
        });
    }
    for ask in &what.config {
        rows.push(match (asks.by_manifest, ask.optional) {
            (true, is_optional) => {
                let unless = if is_optional { ", or does without" } else { "" };
                let is_set = if set.contains(&ask.name) { "set" } else { "not set" };
                (format!("config {}{unless}", ask.name), is_set.to_owned())
            }
            (false, _) => ("config".to_owned(), listed(set.iter().cloned())),
        });
    }
    if what.metrics {
        rows.push(("metrics".to_owned(), yes(grants.metrics)));
    }
    rows
}

fn yes(is_granted: bool) -> String {
    if is_granted { "yes" } else { "no" }.to_owned()
}

fn listed(items: impl Iterator<Item = String>) -> String {
    let items: Vec<_> = items.collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}
