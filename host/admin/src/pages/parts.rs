//! Small parts of several pages.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{Markup, Render, html};
use orbital_history::Mark;
use orbital_model::text::Printable;
use orbital_model::timestamp::rfc3339;
use orbital_model::{CaseId, Outcome};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The characters that are escaped in a segment of a path.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Returns untrusted text of one line.
pub(super) fn text(text: &str) -> impl Render + '_ {
    html! { (Printable(text).to_string()) }
}

/// Returns the id of a case, which may be broken into two lines.
pub(super) fn case_name(case: &CaseId) -> Markup {
    html! { (text(case.component())) "/" wbr; (text(case.case())) }
}

/// Returns a name as a segment of a path. Files that do not load may have any name.
pub(super) fn segment(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// Returns untrusted text with its line breaks.
pub(super) fn lines(text: &str) -> Markup {
    html! {
        @for (index, line) in text.trim_end().split('\n').enumerate() {
            @if index > 0 { "\n" }
            (Printable(line.trim_end_matches('\r')).to_string())
        }
    }
}

/// Returns a moment in UTC. The script shows it in the reader's time zone.
pub(super) fn time(time: SystemTime) -> Markup {
    let zoned = Timestamp::try_from(time).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(TimeZone::UTC);
    html! { time datetime=(rfc3339(time)) { (zoned.strftime("%Y-%m-%d %H:%M:%S")) " UTC" } }
}

/// Returns roughly how long ago something was, or how long it lasts: `3 min`, `2 h 5 min`, `5 d`.
pub(super) fn roughly(duration: Duration) -> String {
    match duration.as_secs() {
        seconds @ 0..60 => format!("{seconds} s"),
        seconds @ 60..3600 => format!("{} min", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// Returns a ratio in per cent. It is 100 only if the ratio is exactly 1.
pub(super) fn percent(ratio: f64) -> String {
    let percent = ratio * 100.0;
    if percent > 99.9 && percent < 100.0 {
        return "99.9 %".to_owned();
    }
    if percent == percent.round() { format!("{percent:.0} %") } else { format!("{percent:.1} %") }
}

/// Returns the class and the sign of an outcome, which is never shown by its colour alone.
pub(super) fn sign(outcome: Outcome, flaky: bool) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Pass if flaky => ("flaky", "≈"),
        Outcome::Pass => ("pass", "✓"),
        Outcome::Fail => ("fail", "✗"),
        Outcome::Timeout => ("timeout", "◷"),
        Outcome::Error => ("error", "!"),
        Outcome::Cancelled => ("cancelled", "–"),
    }
}

/// Returns an outcome, as sign and word.
pub(super) fn outcome(outcome: Outcome, flaky: bool) -> Markup {
    let (class, sign) = sign(outcome, flaky);
    html! {
        span class={ "badge " (class) } {
            span aria-hidden="true" { (sign) } " " (outcome.name())
            @if flaky { ", flaky" }
        }
    }
}

/// Returns the state of a case, as sign and word.
pub(super) fn state(state: &str) -> Markup {
    let sign = match state {
        "up" => "▲",
        "down" => "▼",
        "paused" => "‖",
        "stale" => "⌛",
        _ => "?",
    };
    html! { span class={ "badge " (state) } { span aria-hidden="true" { (sign) } " " (state) } }
}

/// Returns a row of runs, each with a link to its page.
pub(super) fn strip(marks: &[Mark]) -> Markup {
    html! {
        @if marks.is_empty() {
            span.none { "no run yet" }
        } @else {
            ol.strip aria-label="last runs, the newest last" {
                @for mark in marks {
                    @let (name, sign) = sign(mark.outcome, mark.flaky);
                    // The style sheet uses the name too: there are thousands of these elements.
                    li { a href={ "/runs/" (mark.run.simple()) } aria-label=(name) { (sign) } }
                }
            }
        }
    }
}

/// Returns the first digits of a digest: enough to distinguish versions.
pub(super) fn digest(digest: &str) -> Markup {
    html! { code title=(digest) { (digest.get(..12).unwrap_or(digest)) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_is_a_hundred_per_cent() {
        assert_eq!(percent(1.0), "100 %");
        assert_eq!(percent(0.99999), "99.9 %");
        assert_eq!(percent(0.5), "50 %");
        assert_eq!(percent(2.0 / 3.0), "66.7 %");
    }

    #[test]
    fn what_came_from_outside_is_text() {
        let shown =
            html! { p { (text("<b>\u{1b}\u{202e}\n")) } pre { (lines("a\r\n<i>\u{9b}\n")) } }.into_string();
        assert_eq!(shown, "<p>&lt;b&gt;\u{fffd}\u{fffd}\u{fffd}</p><pre>a\n&lt;i&gt;\u{fffd}</pre>");
    }

    #[test]
    fn a_moment_says_its_zone() {
        let shown = time(SystemTime::UNIX_EPOCH).into_string();
        assert_eq!(shown, "<time datetime=\"1970-01-01T00:00:00.000Z\">1970-01-01 00:00:00 UTC</time>");
    }
}
