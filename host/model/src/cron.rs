//! Cron expressions, and their behaviour when clocks change.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

/// A cron expression in a time zone.
///
/// When clocks change, a fixed local time that is skipped counts at the end of the gap, and one that is repeated counts
/// only the first time; expressions with a `*` or a step in minutes or hours follow the clock. (These are the rules of
/// Vixie cron and of the Open Cron Pattern Specification. The library applies them only to single numbers, not to lists
/// and ranges, so it is only asked about local times.)
#[derive(Clone)]
pub struct Cron {
    expression: String,
    zone: TimeZone,
    pattern: Arc<croner::Cron>,
    goes_by_the_clock: bool,
}

impl Cron {
    /// Parses an expression of five fields in a zone of the IANA database; `None` means UTC.
    ///
    /// # Errors
    /// The text says what is wrong with the expression or zone, and what would be right. An expression that never
    /// matches any time is invalid, too.
    pub fn parse(expression: &str, zone: Option<&str>) -> Result<Self, String> {
        let zone = zone.unwrap_or("UTC");
        let fields: Vec<&str> = expression.split_whitespace().collect();
        if fields.len() != 5 {
            return Err(format!(
                "the cron expression `{expression}` has {} fields; it must have five: minute, hour, day of month, month, \
                 day of week, such as `0 7 * * 1-5`",
                fields.len()
            ));
        }
        let zone = TimeZone::get(zone).map_err(|_| {
            format!("the time zone `{zone}` is not in the IANA database; a name is such as `Europe/Madrid` or `UTC`")
        })?;
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = parser
            .parse(expression)
            .map_err(|error| format!("the cron expression `{expression}` is not valid: {error}"))?;
        // `?` means the same as `*`.
        let goes_by_the_clock = fields.iter().take(2).any(|field| field.contains(['*', '?', '/']));
        let pattern = Arc::new(pattern);
        let cron = Self { expression: expression.to_owned(), zone, pattern, goes_by_the_clock };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        match cron.after(now) {
            Some(_) => Ok(cron),
            None => Err(format!("the cron expression `{expression}` names no time that ever comes")),
        }
    }

    /// Returns the first time after a moment, both since the Unix epoch.
    pub fn after(&self, moment: Duration) -> Option<Duration> {
        // Cron counts in minutes, so fractions of a second do not matter.
        let moment = Timestamp::from_second(i64::try_from(moment.as_secs()).ok()?).ok()?;
        let next =
            if self.goes_by_the_clock { self.next_on_clock(moment) } else { self.next_of_fixed(moment) };
        Some(Duration::from_secs(u64::try_from(next?.as_second()).ok()?))
    }

    /// Returns the next moment at which the clock shows a local time of the expression. A local time in a gap is
    /// skipped, and one in a repeated hour counts twice.
    fn next_on_clock(&self, mut moment: Timestamp) -> Option<Timestamp> {
        loop {
            // Between two changes, the clock only advances.
            let offset = self.zone.to_offset(moment);
            let change = self.zone.following(moment).next().map(|change| change.timestamp());
            let local = self.local_after(offset.to_datetime(moment));
            let next = local.and_then(|local| offset.to_timestamp(local).ok());
            match (next, change) {
                (Some(next), Some(change)) if next >= change => {}
                (Some(next), _) => return Some(next),
                (None, _) => return None,
            }
            // The change itself may be such a moment: search from the second before it, on the new clock.
            let change = change?;
            let offset = self.zone.to_offset(change);
            let before = change.checked_sub(1.second()).ok()?;
            let local = self.local_after(offset.to_datetime(before))?;
            if offset.to_timestamp(local).ok()? == change {
                return Some(change);
            }
            moment = change;
        }
    }

    /// Returns the next moment, where each local time of the expression counts once: in a repeated hour the first time,
    /// and in a gap at the end of the gap.
    fn next_of_fixed(&self, moment: Timestamp) -> Option<Timestamp> {
        // A later local time is never at an earlier moment, so the first one that is late enough is the next one.
        let mut local = self.zone.to_datetime(moment);
        loop {
            local = self.local_after(local)?;
            let ambiguous = self.zone.to_ambiguous_timestamp(local);
            let next = match ambiguous.offset() {
                AmbiguousOffset::Gap { before, .. } => {
                    // This is as long after the end of the gap as the local time is after its beginning.
                    let shifted = before.to_timestamp(local).ok()?;
                    let end = self.zone.preceding(shifted.checked_add(1.second()).ok()?).next()?;
                    end.timestamp()
                }
                AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => {
                    ambiguous.earlier().ok()?
                }
            };
            if next > moment {
                return Some(next);
            }
        }
    }

    /// Returns the first local time of the expression after one, without regard to changes of the clock.
    fn local_after(&self, local: DateTime) -> Option<DateTime> {
        let local = local.to_zoned(TimeZone::UTC).ok()?;
        Some(self.pattern.find_next_occurrence(&local, false).ok()?.datetime())
    }

    /// Returns the name of the zone.
    fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.expression, self.zone())
    }
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.expression == other.expression && self.zone() == other.zone()
    }
}

impl Eq for Cron {}

impl fmt::Debug for Cron {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Cron({self})")
    }
}

#[cfg(test)]
mod walk;

#[cfg(test)]
mod tests {
    use super::*;

    fn since_epoch(time: &str) -> Duration {
        let timestamp: jiff::Timestamp = time.parse().unwrap();
        Duration::from_nanos(u64::try_from(timestamp.as_nanosecond()).unwrap())
    }

    fn next(expression: &str, zone: Option<&str>, after: &str) -> String {
        let next = Cron::parse(expression, zone).unwrap().after(since_epoch(after)).unwrap();
        jiff::Timestamp::from_second(i64::try_from(next.as_secs()).unwrap()).unwrap().to_string()
    }

    #[test]
    fn times_are_in_utc_or_in_a_named_zone() {
        assert_eq!(next("0 7 * * *", None, "2026-03-01T06:59:59.5Z"), "2026-03-01T07:00:00Z");
        assert_eq!(next("0 7 * * *", None, "2026-03-01T07:00:00Z"), "2026-03-02T07:00:00Z");
        assert_eq!(next("0 7 * * *", Some("Europe/Madrid"), "2026-03-01T00:00:00Z"), "2026-03-01T06:00:00Z");
        assert_eq!(next("0 7 * * *", Some("Europe/Madrid"), "2026-07-01T00:00:00Z"), "2026-07-01T05:00:00Z");
    }

    #[test]
    fn clocks_that_change_neither_lose_nor_double_a_run() {
        // On 2026-03-29 in Madrid, 02:00 is followed by 03:00; on 2026-10-25, 03:00 by 02:00.
        let (night, zone) = ("30 2 * * *", Some("Europe/Madrid"));
        assert_eq!(next(night, zone, "2026-03-28T12:00:00Z"), "2026-03-29T01:00:00Z");
        assert_eq!(next(night, zone, "2026-10-24T12:00:00Z"), "2026-10-25T00:30:00Z");
        assert_eq!(next(night, zone, "2026-10-25T00:30:00Z"), "2026-10-26T01:30:00Z");
    }

    fn times(expression: &str, day: &str) -> Vec<String> {
        let cron = Cron::parse(expression, Some("Europe/Madrid")).unwrap();
        // Starts at noon of the day before, in UTC.
        let noon = since_epoch(&format!("{day}T12:00:00Z")) - Duration::from_secs(24 * 3600);
        let next = |moment: &Duration| cron.after(*moment);
        std::iter::successors(next(&noon), next)
            .take_while(|time| *time < noon + Duration::from_secs(24 * 3600))
            .map(|time| Timestamp::from_second(i64::try_from(time.as_secs()).unwrap()).unwrap())
            .map(|time| {
                time.to_zoned(TimeZone::get("Europe/Madrid").unwrap()).strftime("%H:%M%:z").to_string()
            })
            .collect()
    }

    #[test]
    fn lists_and_ranges_of_local_times_run_once_on_the_nights_when_clocks_change() {
        // On 2027-03-28, 02:00+01:00 is followed by 03:00+02:00.
        let spring = "2027-03-28";
        assert_eq!(times("30 2,14 * * *", spring), ["14:30+01:00", "03:00+02:00"]);
        assert_eq!(times("15,45 2 * * *", spring), ["03:00+02:00"]);
        assert_eq!(times("15 2-3 * * *", spring), ["03:00+02:00", "03:15+02:00"]);
        assert_eq!(times("30 1-2 * * *", spring), ["01:30+01:00", "03:00+02:00"]);
        // On 2027-10-31, 03:00+02:00 is followed by 02:00+01:00.
        let autumn = "2027-10-31";
        assert_eq!(times("30 2,14 * * *", autumn), ["14:30+02:00", "02:30+02:00"]);
        assert_eq!(times("15,45 2 * * *", autumn), ["02:15+02:00", "02:45+02:00"]);
        assert_eq!(times("15 2-3 * * *", autumn), ["02:15+02:00", "03:15+01:00"]);
        assert_eq!(times("30 1-2 * * *", autumn), ["01:30+02:00", "02:30+02:00"]);
    }

    #[test]
    fn expressions_with_a_star_or_a_step_go_by_the_clock() {
        let (spring, autumn) = ("2027-03-28", "2027-10-31");
        assert_eq!(times("*/30 2 * * *", spring), Vec::<String>::new());
        assert_eq!(
            times("*/30 2 * * *", autumn),
            ["02:00+02:00", "02:30+02:00", "02:00+01:00", "02:30+01:00"]
        );
        assert_eq!(
            times("30 */2 * * *", autumn)[6..],
            [
                "02:30+02:00",
                "02:30+01:00",
                "04:30+01:00",
                "06:30+01:00",
                "08:30+01:00",
                "10:30+01:00",
                "12:30+01:00"
            ]
        );
        // Hours pass at the same pace whatever the clock shows; neither noon counts.
        assert_eq!(times("0 * * * *", spring).len(), 23);
        assert_eq!(times("0 * * * *", autumn).len(), 23);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (expression, zone, reason) in [
            ("* * * *", None, "has 4 fields"),
            ("61 * * * *", None, "is not valid"),
            ("* * * * *", Some("Europe/Atlantis"), "`Europe/Atlantis` is not in the IANA database"),
            ("0 0 30 2 *", None, "names no time that ever comes"),
        ] {
            let error = Cron::parse(expression, zone).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
