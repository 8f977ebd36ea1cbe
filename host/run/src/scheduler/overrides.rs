//! Settings of the operator that replace what cases declare: the sections `[[override]]`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use orbital_config::Section;
use orbital_model::{Case, Cron, Pattern, Retry, Schedule};

/// All overrides, in the order of the file. If several set the same value for a case, the last one wins.
#[derive(Debug, Clone, Default)]
pub struct Overrides(Vec<Override>);

/// The settings for the cases whose id matches a pattern.
#[derive(Debug, Clone)]
struct Override {
    cases: Pattern,
    schedule: Option<Schedule>,
    timeout: Option<Duration>,
    retries: Option<u32>,
    retry_delay: Option<Duration>,
    max_in_flight: Option<usize>,
    paused: Option<String>,
    config: Vec<(String, String)>,
}

impl Overrides {
    /// Reads the sections.
    pub fn read(root: &Section<'_>) -> Self {
        Self(root.list("override", Override::read).unwrap_or_default())
    }

    /// Returns the case with all overrides applied.
    pub fn apply(&self, case: &Case) -> Case {
        let mut case = case.clone();
        for over in self.matching(&case.id.clone()) {
            case.schedule = over.schedule.clone().unwrap_or(case.schedule);
            case.timeout = over.timeout.unwrap_or(case.timeout);
            case.retry = Retry {
                retries: over.retries.unwrap_or(case.retry.retries),
                delay: over.retry_delay.unwrap_or(case.retry.delay),
            };
            case.max_in_flight = over.max_in_flight.unwrap_or(case.max_in_flight);
            if !over.config.is_empty() {
                let config: &mut BTreeMap<_, _> = Arc::make_mut(&mut case.config);
                config.extend(over.config.iter().cloned());
            }
        }
        case
    }

    /// Returns the reason why the case is paused, if it is.
    pub fn paused(&self, case_id: &str) -> Option<&str> {
        let mut pausing = self.0.iter().rev().filter_map(|over| Some((over, over.paused.as_deref()?)));
        pausing.find(|(over, _)| over.cases.matches(case_id)).map(|(_, reason)| reason)
    }

    /// Returns the patterns that match none of these cases.
    pub fn idle_patterns<'a>(&'a self, case_ids: &[&str]) -> impl Iterator<Item = &'a str> {
        let idle = |over: &&Override| !case_ids.iter().any(|id| over.cases.matches(id));
        self.0.iter().filter(idle).map(|over| over.cases.text()).collect::<Vec<_>>().into_iter()
    }

    fn matching(&self, case_id: &str) -> impl Iterator<Item = &Override> {
        self.0.iter().filter(move |over| over.cases.matches(case_id))
    }
}

impl Override {
    fn read(section: &Section<'_>) -> Option<Self> {
        let cases = section.parsed("cases", Pattern::parse);
        if !section.has("cases") {
            section
                .mistake("has no `cases`; set it to a pattern of case ids, such as `cases = \"checkout/*\"`");
        }
        Some(Self {
            schedule: read_schedule(section),
            timeout: section.optional_duration("timeout"),
            retries: section
                .optional_integer("retries", 0..=10)
                .and_then(|retries| u32::try_from(retries).ok()),
            retry_delay: section.optional_duration("retry_delay"),
            max_in_flight: section.optional_integer("max_in_flight", 1..=10_000),
            paused: section.parsed("paused", |reason| match reason.trim() {
                "" => Err("must say why, such as `paused = \"the CRM is being moved\"`".to_owned()),
                reason => Ok(reason.to_owned()),
            }),
            config: section.texts_for_tests("config"),
            cases: cases?,
        })
    }
}

fn read_schedule(section: &Section<'_>) -> Option<Schedule> {
    let every = section.optional_duration("every").map(Schedule::Every);
    let zone = section.string("zone");
    let cron = section.parsed("cron", |text| Cron::parse(text, zone.as_deref())).map(Schedule::Cron);
    let manual = section.optional_boolean("manual").unwrap_or(false).then_some(Schedule::Manual);
    let named = ["every", "cron", "manual"].iter().filter(|name| section.has(name)).count();
    if named > 1 {
        section.mistake("sets more than one of `every`, `cron` and `manual`; keep one");
    }
    if section.has("zone") && !section.has("cron") {
        section.mistake_at("zone", "belongs to a `cron`, and there is none here");
    }
    every.or(cron).or(manual)
}

#[cfg(test)]
mod tests {
    use orbital_config::parse;

    use super::*;

    fn case(id: &str) -> Case {
        Case {
            id: id.parse().unwrap(),
            schedule: Schedule::Every(Duration::from_secs(1)),
            timeout: Duration::from_secs(3),
            tags: Vec::new(),
            retry: Retry { retries: 0, delay: Duration::ZERO },
            max_in_flight: 1,
            config: Arc::default(),
        }
    }

    #[test]
    fn the_last_override_that_matches_wins() {
        let text = r#"
            [[override]]
            cases = "shop/*"
            every = "1m"
            retries = 2
            paused = "moving"

            [[override]]
            cases = "shop/smoke"
            cron = "0 7 * * *"
            zone = "Europe/Madrid"
            timeout = "9s"
            config = { tenant = "blue", region = "eu" }

            [[override]]
            cases = "shop/*"
            config = { tenant = "green" }

            [[override]]
            cases = "nothing/*"
        "#;
        let overrides = parse(text, Overrides::read).unwrap().0;
        let smoke = overrides.apply(&case("shop/smoke"));
        assert_eq!(smoke.schedule.to_string(), "cron 0 7 * * * Europe/Madrid");
        let config: Vec<_> = smoke.config.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(config, ["region=eu", "tenant=green"]);
        assert_eq!((smoke.timeout, smoke.retry.retries), (Duration::from_secs(9), 2));
        assert_eq!(overrides.apply(&case("other/smoke")), case("other/smoke"));
        assert_eq!(overrides.paused("shop/x"), Some("moving"));
        assert_eq!(overrides.paused("other/x"), None);
        let ids = ["shop/smoke", "other/smoke"];
        assert_eq!(overrides.idle_patterns(&ids).collect::<Vec<_>>(), ["nothing/*"]);
    }

    #[test]
    fn what_contradicts_is_a_mistake() {
        for (text, reason) in [
            ("cases = \"*\"\nevery = \"1s\"\nmanual = true", "more than one of"),
            ("cases = \"*\"\nzone = \"UTC\"", "belongs to a `cron`"),
            ("every = \"1s\"", "has no `cases`"),
            ("cases = \"[\"", "is not a pattern"),
            ("cases = \"*\"\ncron = \"x\"", "has 1 fields"),
            ("cases = \"*\"\npaused = \"\"", "must say why"),
        ] {
            let mistakes = parse(&format!("[[override]]\n{text}\n"), Overrides::read).unwrap_err();
            assert!(mistakes.iter().any(|mistake| mistake.reason.contains(reason)), "{mistakes:?}");
        }
    }
}
