//! A second implementation of cron expressions, which advances minute by minute and shares no code with the first.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use proptest::prelude::*;
use proptest::sample::select;

use crate::Cron;

/// Zones whose clocks change by an hour, by half an hour, at midnight, around Ramadan, or not at all.
const ZONES: [&str; 9] = [
    "Europe/Madrid",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "UTC",
];

/// Returns whether a field of numbers, ranges, lists and steps contains a value.
fn has(field: &str, value: i8, first: i8, last: i8) -> bool {
    field.split(',').any(|part| {
        let (range, step) =
            part.split_once('/').map_or((part, 1), |(range, step)| (range, step.parse().unwrap()));
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (first, last),
            Some((from, to)) => (from.parse().unwrap(), to.parse().unwrap()),
            None => (range.parse().unwrap(), range.parse().unwrap()),
        };
        (from..=to).contains(&value) && (value - from) % step == 0
    })
}

fn names(expression: &str, local: DateTime) -> bool {
    let [minute, hour, day, month, weekday] = expression.split(' ').collect::<Vec<_>>()[..] else {
        unreachable!()
    };
    has(minute, local.minute(), 0, 59)
        && has(hour, local.hour(), 0, 23)
        && has(day, local.day(), 1, 31)
        && has(month, local.month(), 1, 12)
        && has(weekday, local.weekday().to_sunday_zero_offset(), 0, 6)
}

/// Returns all times of an expression in this number of minutes after a moment.
fn walk(expression: &str, zone: &TimeZone, after: Timestamp, minutes: i64) -> Vec<Timestamp> {
    let fields: Vec<&str> = expression.split(' ').collect();
    let by_the_clock = [fields[0], fields[1]].iter().any(|field| field.contains('*') || field.contains('/'));
    // Local times that the clock has shown in the last day; no clock goes back by more than a day.
    let mut shown: Vec<DateTime> = (0..=24 * 60).map(|ago| zone.to_datetime(after - ago.minutes())).collect();
    let mut times = Vec::new();
    for minute in 1..=minutes {
        let now = after + minute.minutes();
        let (before, local) = (zone.to_datetime(now - 1.minute()), zone.to_datetime(now));
        let is_due = if by_the_clock {
            names(expression, local)
        } else {
            let mut skipped = std::iter::successors(Some(before + 1.minute()), |one| Some(*one + 1.minute()))
                .take_while(|one| *one < local);
            skipped.any(|one| names(expression, one)) || (names(expression, local) && !shown.contains(&local))
        };
        shown.push(local);
        if is_due {
            times.push(now);
        }
    }
    times
}

fn minutes_or_hours(last: u8) -> impl Strategy<Value = String> {
    let number = 0..=last;
    prop_oneof![
        3 => number.clone().prop_map(|one| one.to_string()),
        3 => (number.clone(), number.clone()).prop_map(|(one, other)| format!("{},{}", one.min(other), one.max(other))),
        3 => (number.clone(), number.clone()).prop_map(|(one, other)| format!("{}-{}", one.min(other), one.max(other))),
        1 => Just("*".to_owned()),
        1 => (1..=last).prop_map(|step| format!("*/{step}")),
        1 => (number.clone(), number, 1..=last).prop_map(|(one, other, step)| {
            format!("{}-{}/{step}", one.min(other), one.max(other))
        }),
    ]
}

/// Generates mostly hours at which clocks change.
fn hours() -> impl Strategy<Value = String> {
    prop_oneof![3 => minutes_or_hours(4), 1 => minutes_or_hours(23)]
}

/// Selects days with at most one restriction: of two restrictions, either would be sufficient.
fn days() -> impl Strategy<Value = &'static str> {
    select(vec!["* * *", "* * *", "* * *", "*/2 * *", "1-15 * *", "* * 0", "* * 1-5", "* 3,4,10,11 *"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn times_are_those_of_a_walk_by_minutes_wherever_clocks_change(
        (minute, hour, days) in (minutes_or_hours(59), hours(), days()),
        zone in select(ZONES.to_vec()),
        change in 0_usize..6,
        hours_before in 0_i64..30,
        seconds in 0_i64..60,
    ) {
        let expression = format!("{minute} {hour} {days}");
        let tz = TimeZone::get(zone).unwrap();
        let year: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        // At the end of the table of a zone there is a change without effect, which is not at a full minute.
        let change = tz.following(year).nth(change).map(|change| change.timestamp());
        let around = change.filter(|change| change.as_second() % 60 == 0).unwrap_or(year);
        let start = around - hours_before.hours();
        let cron = Cron::parse(&expression, Some(zone)).unwrap();
        let expected = walk(&expression, &tz, start, 54 * 60);
        let end = start + 54.hours();
        let mut moment = Duration::from_secs(u64::try_from(start.as_second()).unwrap());
        let mut found = Vec::new();
        while let Some(next) = cron.after(moment) {
            let time = Timestamp::from_second(i64::try_from(next.as_secs()).unwrap()).unwrap();
            if time > end {
                break;
            }
            prop_assert!(next > moment);
            found.push(time);
            moment = next;
        }
        prop_assert_eq!(&found, &expected, "{} in {}", &expression, zone);
        // From any moment in between, the next time must be the same.
        let inside = start + 27.hours() + seconds.seconds();
        let next = cron.after(Duration::from_secs(u64::try_from(inside.as_second()).unwrap()));
        let next = next.map(|next| Timestamp::from_second(i64::try_from(next.as_secs()).unwrap()).unwrap());
        let later = expected.into_iter().find(|time| *time > inside);
        prop_assert_eq!(next.filter(|next| *next <= end), later, "{} in {} after {}", &expression, zone, inside);
    }
}
