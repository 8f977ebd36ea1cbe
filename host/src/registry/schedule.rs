//! When a case runs by itself.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// When a case runs by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedule {
    /// At multiples of this period.
    Every(Duration),
    /// At the times of a cron expression.
    Cron(Cron),
    /// Never.
    Manual,
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Every(period) => write!(formatter, "every {}", humantime::format_duration(*period)),
            Self::Cron(cron) => write!(formatter, "cron {} {}", cron.expression, cron.zone()),
            Self::Manual => formatter.write_str("manual"),
        }
    }
}

/// A cron expression in a time zone.
///
/// When clocks change, a fixed local time that is skipped counts at the moment after the gap, and one that
/// comes twice counts once, the first time; expressions with a `*` or a step in minutes or hours go by the
/// clock. (The rules are those of Vixie cron and of the Open Cron Pattern Specification.)
#[derive(Clone)]
pub struct Cron {
    expression: String,
    zone: TimeZone,
    pattern: Arc<croner::Cron>,
}

impl Cron {
    /// Reads an expression of five fields, in a zone of the IANA database; none means UTC.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right. An expression that names no time at all is wrong too.
    pub fn parse(expression: &str, zone: Option<&str>) -> Result<Self, String> {
        let zone = zone.unwrap_or("UTC");
        let fields = expression.split_whitespace().count();
        if fields != 5 {
            return Err(format!(
                "the cron expression `{expression}` has {fields} fields; it must have five: minute, hour, day of \
                 month, month, day of week, such as `0 7 * * 1-5`"
            ));
        }
        let zone = TimeZone::get(zone).map_err(|_| {
            format!("the time zone `{zone}` is not in the IANA database; a name is such as `Europe/Madrid` or `UTC`")
        })?;
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let pattern = parser
            .parse(expression)
            .map_err(|error| format!("the cron expression `{expression}` is not valid: {error}"))?;
        let cron = Self { expression: expression.to_owned(), zone, pattern: Arc::new(pattern) };
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        match cron.after(now) {
            Some(_) => Ok(cron),
            None => Err(format!("the cron expression `{expression}` names no time that ever comes")),
        }
    }

    /// The first time after a moment, both since the Unix epoch.
    pub fn after(&self, moment: Duration) -> Option<Duration> {
        let moment = Timestamp::from_nanosecond(i128::try_from(moment.as_nanos()).ok()?).ok()?;
        let next = self.pattern.find_next_occurrence(&moment.to_zoned(self.zone.clone()), false).ok()?;
        // Cron counts in minutes.
        Some(Duration::from_secs(u64::try_from(next.timestamp().as_second()).ok()?))
    }

    /// The zone's name.
    fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
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
        write!(formatter, "Cron({} {})", self.expression, self.zone())
    }
}

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
