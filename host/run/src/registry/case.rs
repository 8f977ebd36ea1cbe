//! Checks the declared cases of a component.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use orbital_guest::declared;
use orbital_model::name::check_name;
use orbital_model::text::shown;
use orbital_model::{Case, CaseId, Cron, Retry, Schedule};

/// The maximum number of cases of one component.
const MAX_CASES: usize = 1000;

const MAX_TAGS: usize = 16;

const MAX_RETRIES: u32 = 10;

/// Checks the cases that a component declares.
///
/// # Errors
/// All mistakes in the declarations.
pub(super) fn check(
    component: &str,
    declared: Vec<declared::TestCase>,
    default_timeout: Duration,
    max_rate: usize,
) -> Result<Vec<Case>, Vec<String>> {
    let mut mistakes = Vec::new();
    if declared.is_empty() {
        mistakes.push(
            "it declares no case; register one with the SDK (in Rust, name it in `suite!(…)`)".to_owned(),
        );
    }
    if declared.len() > MAX_CASES {
        mistakes.push(format!("it declares {} cases; at most {MAX_CASES} are allowed", declared.len()));
        return Err(mistakes);
    }
    let mut names = HashSet::new();
    let mut cases = Vec::new();
    for (index, case) in declared.into_iter().enumerate() {
        let label = match case.name.as_str() {
            "" => format!("case {}", index + 1),
            // The name may have any length.
            name => format!("case `{}`", shown(name)),
        };
        let mut wrong = |reason: String| mistakes.push(format!("{label}: {reason}"));
        if let Err(reason) = check_name(&case.name) {
            wrong(format!("its name {reason}"));
        } else if !names.insert(case.name.clone()) {
            wrong("another case has the same name; give each a name of its own".to_owned());
        }
        let schedule = match case.schedule {
            declared::Schedule::Every(0) => {
                wrong("its period is zero; it must be at least 1 ms".to_owned());
                Schedule::Manual
            }
            declared::Schedule::Every(period_ms) => Schedule::Every(Duration::from_millis(period_ms.into())),
            declared::Schedule::Cron(cron) => match Cron::parse(&cron.expression, cron.zone.as_deref()) {
                Ok(cron) => Schedule::Cron(cron),
                Err(reason) => {
                    wrong(reason);
                    Schedule::Manual
                }
            },
            declared::Schedule::Manual => Schedule::Manual,
        };
        if case.timeout_ms == Some(0) {
            wrong("its timeout is zero; it must be at least 1 ms".to_owned());
        }
        if case.retry.retries > MAX_RETRIES {
            wrong(format!("it asks for {} retries; at most {MAX_RETRIES} are allowed", case.retry.retries));
        }
        if case.max_in_flight == 0 {
            wrong("it allows no run in flight; it must allow at least 1".to_owned());
        }
        for reason in check_tags(&case.tags) {
            wrong(reason);
        }
        cases.push(Case {
            id: CaseId::new(component, &case.name),
            schedule,
            timeout: case.timeout_ms.map_or(default_timeout, |ms| Duration::from_millis(ms.into())),
            tags: case.tags.into_iter().map(|tag| (tag.name, tag.value)).collect(),
            retry: Retry {
                retries: case.retry.retries,
                delay: Duration::from_millis(case.retry.delay_ms.into()),
            },
            max_in_flight: case.max_in_flight as usize,
            config: Arc::default(),
        });
    }
    mistakes.extend(check_rate(&cases, max_rate));
    if mistakes.is_empty() { Ok(cases) } else { Err(mistakes) }
}

/// Checks the total rate of the cases. A component may declare any number of cases with any period, and each run that
/// is due costs the host something, even if it is skipped. The limit is therefore on the sum.
fn check_rate(cases: &[Case], max_rate: usize) -> Option<String> {
    let per_second = |case: &Case| match case.schedule {
        Schedule::Every(period) => 1.0 / period.as_secs_f64(),
        Schedule::Cron(_) | Schedule::Manual => 0.0,
    };
    let rate: f64 = cases.iter().map(per_second).sum();
    (rate > max_rate as f64).then(|| {
        format!(
            "its cases are due {rate:.0} times a second, all together, and `components.max_rate` allows {max_rate}; give them \
             longer periods"
        )
    })
}

fn check_tags(tags: &[declared::Tag]) -> Vec<String> {
    let mut wrong = Vec::new();
    if tags.len() > MAX_TAGS {
        wrong.push(format!("it has {} tags; at most {MAX_TAGS} are allowed", tags.len()));
    }
    let mut names = HashSet::new();
    for declared::Tag { name, value } in tags {
        let letter = name.starts_with(|first: char| first.is_ascii_alphabetic());
        let rest = name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_');
        let shown = shown(name);
        if !letter || !rest || name.len() > 64 {
            wrong.push(format!(
                "the tag `{shown}` must be a letter, then letters, digits and `_`, of at most 64 bytes"
            ));
        } else if ["component", "case", "schedule"].contains(&name.as_str()) {
            wrong.push(format!(
                "the tag `{shown}` has the name of a label that the host sets; call it otherwise"
            ));
        } else if !names.insert(name) {
            wrong.push(format!("the tag `{shown}` is there twice"));
        }
        if value.len() > 256 {
            wrong.push(format!(
                "the tag `{shown}` has a value of {} bytes; at most 256 are allowed",
                value.len()
            ));
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declare(name: &str) -> declared::TestCase {
        declared::TestCase {
            name: name.to_owned(),
            schedule: declared::Schedule::Every(1000),
            timeout_ms: None,
            tags: Vec::new(),
            retry: declared::RetryPolicy { retries: 0, delay_ms: 0 },
            max_in_flight: 1,
        }
    }

    #[test]
    fn a_sound_case_has_the_default_timeout_and_an_id() {
        let cases = check("shop", vec![declare("smoke")], Duration::from_secs(7), 1000).unwrap();
        assert_eq!(cases[0].id.as_str(), "shop/smoke");
        assert_eq!(cases[0].timeout, Duration::from_secs(7));
        assert_eq!(cases[0].schedule.to_string(), "every 1s");
    }

    #[test]
    fn every_mistake_is_told() {
        let mut zero = declare("zero");
        zero.schedule = declared::Schedule::Every(0);
        zero.timeout_ms = Some(0);
        zero.max_in_flight = 0;
        zero.retry.retries = 11;
        zero.tags = vec![declared::Tag { name: "case".to_owned(), value: String::new() }];
        let mistakes = check(
            "shop",
            vec![declare(""), declare("a"), declare("a"), declare("a/b"), zero],
            Duration::MAX,
            1000,
        )
        .unwrap_err();
        assert_eq!(mistakes.len(), 8, "{mistakes:#?}");
        assert_eq!(mistakes[0], "case 1: its name is empty");
        assert!(mistakes[1].starts_with("case `a`: another case has the same name"));
        assert!(mistakes[2].starts_with("case `a/b`: its name has the character `/`"));
    }

    #[test]
    fn a_component_without_cases_is_refused() {
        assert_eq!(check("shop", Vec::new(), Duration::MAX, 1000).unwrap_err().len(), 1);
    }
}
