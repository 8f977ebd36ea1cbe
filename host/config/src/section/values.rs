//! Settings that have a single value: strings, and everything that is written as a string, a number or a boolean.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::str::FromStr as _;
use std::time::Duration;

use toml::de::DeValue;

use crate::section::{Section, kind, resolved};

/// The maximum duration that a setting may have.
const MAX_DURATION: Duration = Duration::from_secs(49 * 24 * 3600);

impl Section<'_> {
    /// Reads a string without secrets.
    pub fn string(&self, name: &'static str) -> Option<String> {
        self.parsed(name, |text| match text.contains("${secret.") {
            true => Err("secrets are not supported here; write the value itself".to_owned()),
            false => Ok(text.to_owned()),
        })
    }

    /// Reads a string, or returns its default.
    pub fn string_or(&self, name: &'static str, default: &str) -> String {
        self.string(name)
            .unwrap_or_else(|| self.assume(name, default.to_owned(), |default| format!("{default:?}")))
    }

    /// Reads a string that `parse` understands; the error of `parse` is reported as the reason.
    pub fn parsed<T>(&self, name: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let value = self.take(name)?;
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(name, value.span(), &format!("must be a string, not {}", kind(value.get_ref())));
            return None;
        };
        match resolved(text).and_then(parse) {
            Ok(parsed) => Some(parsed),
            Err(reason) => {
                self.wrong(name, value.span(), &reason);
                None
            }
        }
    }

    /// Reads a duration such as `"300ms"` or `"1m 30s"`, above zero and of at most 49 days (the maximum of the
    /// contract's milliseconds), or returns its default.
    pub fn duration(&self, name: &'static str, default: Duration) -> Duration {
        self.optional_duration(name).unwrap_or_else(|| {
            self.assume(name, default, |default| format!("\"{}\"", humantime::format_duration(default)))
        })
    }

    /// Reads a duration above zero and of at most 49 days, if it is set.
    pub fn optional_duration(&self, name: &'static str) -> Option<Duration> {
        self.parsed(name, |text| {
            let duration = humantime::parse_duration(text).map_err(|error| {
                format!("`{text}` is not a duration such as `300ms` or `1m 30s`: {error}")
            })?;
            match duration {
                Duration::ZERO => Err("must be above zero".to_owned()),
                long if long > MAX_DURATION => Err(format!("`{text}` is longer than 49 days")),
                duration => Ok(duration),
            }
        })
    }

    /// Reads a moment such as `2026-12-24T20:00:00Z`, as a TOML date or as a string. Returns the time since the Unix
    /// epoch.
    pub fn moment(&self, name: &'static str) -> Option<Duration> {
        let value = self.take(name)?;
        let text = match value.get_ref() {
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::String(text) => text.to_string(),
            other => {
                self.wrong(name, value.span(), &format!("must be a moment, not {}", kind(other)));
                return None;
            }
        };
        let seconds =
            text.parse().ok().and_then(|moment: jiff::Timestamp| u64::try_from(moment.as_second()).ok());
        if seconds.is_none() {
            let reason = format!("`{text}` is not a moment with its zone, such as `2026-12-24T20:00:00Z`");
            self.wrong(name, value.span(), &reason);
        }
        seconds.map(Duration::from_secs)
    }

    /// Reads `true` or `false`, or returns the default.
    pub fn boolean(&self, name: &'static str, default: bool) -> bool {
        self.optional_boolean(name)
            .unwrap_or_else(|| self.assume(name, default, |default| default.to_string()))
    }

    /// Reads `true` or `false`, if it is set.
    pub fn optional_boolean(&self, name: &'static str) -> Option<bool> {
        let value = self.take(name)?;
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            self.wrong(name, value.span(), &format!("must be true or false, not {}", kind(value.get_ref())));
        }
        boolean
    }

    /// Reads a number of bytes such as `"64KiB"` or `"1MiB"`, within a range, or returns its default.
    pub fn bytes(&self, name: &'static str, range: RangeInclusive<u64>, default: u64) -> usize {
        let bytes = self.optional_bytes(name, range).unwrap_or_else(|| {
            self.assume(name, default, |default| {
                format!("\"{}\"", bytesize::ByteSize(default)).replace(' ', "")
            })
        });
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// Reads a number of bytes within a range, if it is set.
    pub fn optional_bytes(&self, name: &'static str, range: RangeInclusive<u64>) -> Option<u64> {
        self.parsed(name, |text| {
            let bytes = bytesize::ByteSize::from_str(text)
                .map_err(|_| format!("`{text}` is not a size such as `64KiB` or `1MiB`"))?
                .as_u64();
            if range.contains(&bytes) {
                return Ok(bytes);
            }
            let (least, most) = (bytesize::ByteSize(*range.start()), bytesize::ByteSize(*range.end()));
            Err(format!("`{text}` is not between {least} and {most}"))
        })
    }

    /// Reads a whole number within a range, or returns its default.
    pub fn integer(&self, name: &'static str, range: RangeInclusive<usize>, default: usize) -> usize {
        self.optional_integer(name, range)
            .unwrap_or_else(|| self.assume(name, default, |default| default.to_string()))
    }

    /// Reads a whole number within a range, if it is set.
    pub fn optional_integer(&self, name: &'static str, range: RangeInclusive<usize>) -> Option<usize> {
        let value = self.take(name)?;
        let number = value.get_ref().as_integer().and_then(|integer| {
            usize::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok()
        });
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            self.wrong(name, value.span(), &format!("must be a whole number from {least} to {most}"));
        }
        number
    }

    /// Reads an address to listen on, such as `127.0.0.1:8710`, or returns its default.
    pub fn address(&self, name: &'static str, default: SocketAddr) -> SocketAddr {
        self.parsed(name, |text| {
            text.parse().map_err(|_| {
                format!("`{text}` is not an IP address with a port, such as `127.0.0.1:8710` or `[::1]:8710`")
            })
        })
        .unwrap_or_else(|| self.assume(name, default, |default| format!("\"{default}\"")))
    }
}
