//! Periods of the recent past.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A period that ends now, with a length from a minute to 49 days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window(Duration);

impl Window {
    /// A window of one day.
    pub const DAY: Self = Self(Duration::from_secs(24 * 3600));

    /// The shortest window. Runs are counted by minutes.
    const SHORTEST: Duration = Duration::from_secs(60);

    /// The longest window: seven weeks, so that each day of a week is in it as often as the others.
    const LONGEST: Duration = Duration::from_secs(49 * 24 * 3600);

    /// Returns the length of the window.
    pub fn length(self) -> Duration {
        self.0
    }
}

impl FromStr for Window {
    type Err = String;

    /// Parses a duration such as `15m`, `24h` or `7d`.
    fn from_str(text: &str) -> Result<Self, String> {
        let length = humantime::parse_duration(text)
            .map_err(|error| format!("`{text}` is not a duration such as `15m`, `24h` or `7d`: {error}"))?;
        match length {
            length if length < Self::SHORTEST => Err(format!("`{text}` is less than a minute")),
            length if length > Self::LONGEST => Err(format!("`{text}` is longer than 49 days")),
            length => Ok(Self(length)),
        }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_duration(self.0).fmt(formatter)
    }
}

/// The default is one day.
impl Default for Window {
    fn default() -> Self {
        Self::DAY
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_between_a_minute_and_49_days() {
        assert_eq!("24h".parse(), Ok(Window::DAY));
        assert_eq!("7d".parse::<Window>().unwrap().length(), Duration::from_secs(7 * 86400));
        for (text, reason) in
            [("30s", "less than a minute"), ("50d", "longer than 49 days"), ("day", "not a duration")]
        {
            assert!(text.parse::<Window>().unwrap_err().contains(reason));
        }
    }
}
