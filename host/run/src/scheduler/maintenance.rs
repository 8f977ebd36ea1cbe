//! Times at which cases do not run: the sections `[[maintenance]]`.

use std::time::Duration;

use orbital_config::{Section, pair};
use orbital_model::{Case, Cron, Pattern};

/// All maintenance windows.
#[derive(Debug, Clone, Default)]
pub struct Maintenance(Vec<Window>);

/// A maintenance window, one-off or recurring.
#[derive(Debug, Clone)]
struct Window {
    reason: String,
    cases: Option<Pattern>,
    tags: Vec<(String, String)>,
    time: Time,
}

#[derive(Debug, Clone)]
enum Time {
    Once { from: Duration, until: Duration },
    Again { start: Cron, duration: Duration },
}

impl Maintenance {
    /// Reads the sections.
    pub fn read(root: &Section<'_>) -> Self {
        Self(root.list("maintenance", Window::read).unwrap_or_default())
    }

    /// Returns the reason and the end of the maintenance window that covers the case at this time, if there is one.
    /// Times are since the Unix epoch.
    pub fn covers(&self, case: &Case, now: Duration) -> Option<(&str, Duration)> {
        let mut windows = self.0.iter().filter(|window| window.is_for(case));
        windows.find_map(|window| Some((window.reason.as_str(), window.time.end(now)?)))
    }

    /// Returns the patterns that match none of these cases.
    pub fn idle_patterns<'a>(&'a self, case_ids: &[&str]) -> impl Iterator<Item = &'a str> {
        let patterns = self.0.iter().filter_map(|window| window.cases.as_ref());
        let idle = patterns.filter(|pattern| !case_ids.iter().any(|id| pattern.matches(id)));
        idle.map(Pattern::text).collect::<Vec<_>>().into_iter()
    }
}

impl Window {
    fn read(section: &Section<'_>) -> Option<Self> {
        let cases = section.parsed("cases", Pattern::parse);
        let tags = section.strings("tags", pair);
        if !section.has("cases") && tags.is_empty() {
            section.mistake("says not which cases it is for; set `cases = \"*\"`, a pattern, or `tags`");
        }
        let reason = section.string("reason").unwrap_or_else(|| "maintenance".to_owned());
        Some(Self { reason, cases, tags, time: Time::read(section)? })
    }

    fn is_for(&self, case: &Case) -> bool {
        let has = |tag: &(String, String)| case.tags.contains(tag);
        self.cases.as_ref().is_none_or(|cases| cases.matches(&case.id)) && self.tags.iter().all(has)
    }
}

impl Time {
    fn read(section: &Section<'_>) -> Option<Self> {
        let (from, until) = (section.moment("from"), section.moment("until"));
        let zone = section.string("zone");
        let start = section.parsed("cron", |text| Cron::parse(text, zone.as_deref()));
        let duration = section.optional_duration("duration");
        let has = |names: [&str; 2]| names.map(|name| section.has(name));
        match (has(["from", "until"]), has(["cron", "duration"])) {
            ([true, true], [false, false]) => {
                let (from, until) = (from?, until?);
                if until <= from {
                    section.mistake_at("until", "must be after `from`");
                }
                Some(Self::Once { from, until })
            }
            ([false, false], [true, true]) => Some(Self::Again { start: start?, duration: duration? }),
            _ => {
                section.mistake(
                    "must have either `from` and `until`, such as 2026-12-24T20:00:00Z, or `cron` and `duration`",
                );
                None
            }
        }
    }

    /// Returns the end of the window that covers this time.
    fn end(&self, now: Duration) -> Option<Duration> {
        match self {
            Self::Once { from, until } => (*from..*until).contains(&now).then_some(*until),
            // The first start whose window ends after `now`.
            Self::Again { start, duration } => {
                let start = start.after(now.saturating_sub(*duration)).filter(|start| *start <= now)?;
                Some(start + *duration)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use orbital_config::parse;
    use orbital_model::{Retry, Schedule};

    use super::*;

    fn case(id: &str, team: &str) -> Case {
        Case {
            id: id.parse().unwrap(),
            schedule: Schedule::Manual,
            timeout: Duration::from_secs(3),
            tags: vec![("team".to_owned(), team.to_owned())],
            retry: Retry { retries: 0, delay: Duration::ZERO },
            max_in_flight: 1,
            config: Arc::default(),
        }
    }

    fn at(time: &str) -> Duration {
        let timestamp: jiff::Timestamp = time.parse().unwrap();
        Duration::from_secs(u64::try_from(timestamp.as_second()).unwrap())
    }

    #[test]
    fn a_window_comes_once_or_again_and_again() {
        let text = r#"
            [[maintenance]]
            cases = "shop/*"
            reason = "moving"
            from = 2026-12-24T20:00:00Z
            until = "2026-12-24T22:00:00Z"

            [[maintenance]]
            tags = { team = "crm" }
            cron = "0 2 * * *"
            duration = "1h"
        "#;
        let windows = parse(text, Maintenance::read).unwrap().0;
        let (shop, crm) = (case("shop/a", "shop"), case("crm/a", "crm"));
        assert_eq!(windows.covers(&shop, at("2026-12-24T19:59:59Z")), None);
        assert_eq!(
            windows.covers(&shop, at("2026-12-24T20:00:00Z")),
            Some(("moving", at("2026-12-24T22:00:00Z")))
        );
        assert_eq!(windows.covers(&shop, at("2026-12-24T22:00:00Z")), None);
        assert_eq!(windows.covers(&crm, at("2026-12-24T20:00:00Z")), None);
        assert_eq!(
            windows.covers(&crm, at("2026-12-24T02:00:00Z")),
            Some(("maintenance", at("2026-12-24T03:00:00Z")))
        );
        assert_eq!(
            windows.covers(&crm, at("2026-12-24T02:59:59Z")),
            Some(("maintenance", at("2026-12-24T03:00:00Z")))
        );
        assert_eq!(windows.covers(&crm, at("2026-12-24T03:00:00Z")), None);
        assert_eq!(windows.covers(&shop, at("2026-12-24T02:30:00Z")), None);
    }

    #[test]
    fn a_window_must_be_complete() {
        for (text, reason) in [
            ("cases = \"*\"", "must have either"),
            ("cases = \"*\"\nfrom = 2026-12-24T20:00:00Z\nuntil = 2026-12-24T20:00:00Z", "must be after"),
            ("cases = \"*\"\nfrom = \"soon\"\nuntil = 2026-12-24T20:00:00Z", "is not a moment"),
            ("cron = \"0 2 * * *\"\nduration = \"1h\"", "says not which cases"),
        ] {
            let mistakes = parse(&format!("[[maintenance]]\n{text}\n"), Maintenance::read).unwrap_err();
            assert!(mistakes.iter().any(|mistake| mistake.reason.contains(reason)), "{mistakes:?}");
        }
    }
}
