//! The exports of the component: the list of its cases, and a function that runs one of them.

use crate::bindings::exports::orbital::test::suite as contract;
use crate::{Case, Schedule, Test};

/// Exports these cases from the component. Call it once, at the root of the crate:
/// `suite!(smoke, checkout::fan_out);`
#[macro_export]
macro_rules! suite {
    () => {
        ::core::compile_error!("a suite needs at least one case: `suite!(smoke);`");
    };
    ($($case:path),+ $(,)?) => {
        const _: () = {
            const CASES: &[$crate::Case] = &[$(<$case>::CASE),+];
            const _: () = ::core::assert!($crate::private::have_unique_names(CASES), "two cases have the same name");

            // Elsewhere nobody calls it, and a linker may refuse the names.
            #[cfg(target_family = "wasm")]
            const _: () = {
            struct Suite;

            impl $crate::bindings::exports::orbital::test::suite::Guest for Suite {
                fn cases() -> ::std::vec::Vec<$crate::bindings::exports::orbital::test::suite::TestCase> {
                    $crate::private::cases(CASES)
                }

                fn run(name: ::std::string::String) -> ::core::result::Result<(), ::std::string::String> {
                    $crate::private::run(CASES, &name)
                }
            }

            $crate::bindings::export!(Suite with_types_in $crate::bindings);
            };
        };
    };
}

/// Returns the cases in the types of the contract.
pub fn cases(cases: &[Case]) -> Vec<contract::TestCase> {
    cases.iter().map(contract::TestCase::from).collect()
}

/// Runs the case with this name. The error is the reason why it did not pass.
pub fn run(cases: &[Case], name: &str) -> Result<(), String> {
    let case = cases.iter().find(|case| case.name == name).ok_or_else(|| unknown(cases, name))?;
    #[cfg(target_family = "wasm")]
    report_panics();
    (case.run)(&Test::new()).map_err(|failure| failure.to_string())
}

/// Returns whether all names are unique. Evaluated by the compiler, so it uses only what a `const fn` can.
pub const fn have_unique_names(cases: &[Case]) -> bool {
    let mut index = 0;
    while index < cases.len() {
        let mut other = index + 1;
        while other < cases.len() {
            if is_same(cases[index].name.as_bytes(), cases[other].name.as_bytes()) {
                return false;
            }
            other += 1;
        }
        index += 1;
    }
    true
}

const fn is_same(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// Reports the message of a panic as a failure. The instance aborts right afterwards, so without this the host would
/// see only a trap.
#[cfg(target_family = "wasm")]
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("a value that is not text");
        let place = panic.location().map(|place| format!(" ({place})")).unwrap_or_default();
        crate::host::verdict::fail(&format!("panicked: {message}{place}"));
    }));
}

fn unknown(cases: &[Case], name: &str) -> String {
    let names: Vec<_> = cases.iter().map(|case| case.name).collect();
    format!("there is no case `{name}`; there are: {}", names.join(", "))
}

impl From<&Case> for contract::TestCase {
    fn from(case: &Case) -> Self {
        let tag = |(name, value): &(&str, &str)| contract::Tag {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        Self {
            name: case.name.to_owned(),
            schedule: case.schedule.into(),
            timeout_ms: case.timeout_ms,
            tags: case.tags.iter().map(tag).collect(),
            retry: contract::RetryPolicy { retries: case.retries, delay_ms: case.retry_delay_ms },
            max_in_flight: case.max_in_flight,
        }
    }
}

impl From<Schedule> for contract::Schedule {
    fn from(schedule: Schedule) -> Self {
        match schedule {
            Schedule::Every { period_ms } => Self::Every(period_ms),
            Schedule::Cron { expression, zone } => Self::Cron(contract::CronSchedule {
                expression: expression.to_owned(),
                zone: zone.map(str::to_owned),
            }),
            Schedule::Manual => Self::Manual,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[case(cron = "0 7 * * *", zone = "Europe/Madrid", timeout = "3s", tags(team = "growth"), retries = 2)]
    fn smoke(_: &Test) -> Result {
        Ok(())
    }

    mod checkout {
        use crate::prelude::*;

        #[case(every = "250ms", max_in_flight = 2)]
        pub(super) fn fan_out(_: &Test) -> Result {
            bail!("{} of {}", 1, 3)
        }
    }

    const CASES: &[Case] = &[smoke::CASE, checkout::fan_out::CASE];

    #[test]
    fn the_attribute_describes_the_case() {
        let cases = super::cases(CASES);
        assert_eq!(cases[0].name, "smoke");
        assert_eq!(cases[0].timeout_ms, Some(3000));
        assert_eq!(cases[0].retry.retries, 2);
        assert_eq!(cases[0].tags[0].name, "team");
        assert!(matches!(&cases[0].schedule, super::contract::Schedule::Cron(cron) if cron.zone.is_some()));
        assert_eq!(cases[1].name, "fan-out");
        assert_eq!(cases[1].max_in_flight, 2);
        assert!(matches!(cases[1].schedule, super::contract::Schedule::Every(250)));
    }

    #[test]
    fn a_case_is_found_by_its_name() {
        assert_eq!(super::run(CASES, "smoke"), Ok(()));
        assert!(super::run(CASES, "fan-out").unwrap_err().starts_with("1 of 3 ("));
        assert_eq!(
            super::run(CASES, "fan_out").unwrap_err(),
            "there is no case `fan_out`; there are: smoke, fan-out"
        );
    }

    #[test]
    fn a_name_is_there_once() {
        assert!(super::have_unique_names(CASES));
        assert!(!super::have_unique_names(&[smoke::CASE, checkout::fan_out::CASE, smoke::CASE]));
    }
}
