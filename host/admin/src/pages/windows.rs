//! The choice of how far back figures go.

use maud::{Markup, html};
use orbital_model::Window;

/// The windows that a form offers: as in links, and as on pages.
const CHOICES: [(&str, &str); 6] = [
    ("15m", "last 15 minutes"),
    ("1h", "last hour"),
    ("6h", "last 6 hours"),
    ("24h", "last 24 hours"),
    ("7d", "last 7 days"),
    ("30d", "last 30 days"),
];

/// Returns a window as pages show it.
pub(super) fn words(window: Window) -> String {
    match chosen(window) {
        Some((_, words)) => (*words).to_owned(),
        None => format!("last {window}"),
    }
}

/// Returns the field of a form to choose a window.
pub(super) fn chooser(window: Window) -> Markup {
    html! {
        label {
            "Window"
            select name="window" {
                @for (name, words) in &CHOICES {
                    option value=(name) selected[name.parse() == Ok(window)] { (words) }
                }
                @if chosen(window).is_none() { option value=(window) selected { (words(window)) } }
            }
        }
    }
}

/// Returns the query that links to other pages end with, so that these show the same window.
pub(super) fn query(window: Window) -> String {
    match chosen(window) {
        _ if window == Window::default() => String::new(),
        Some((name, _)) => format!("?window={name}"),
        None => format!("?window={}", window.to_string().replace(' ', "")),
    }
}

fn chosen(window: Window) -> Option<&'static (&'static str, &'static str)> {
    CHOICES.iter().find(|(name, _)| name.parse() == Ok(window))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_has_words_and_an_address() {
        for (text, expected, address) in [
            ("24h", "last 24 hours", ""),
            ("60m", "last hour", "?window=1h"),
            ("90m", "last 1h 30m", "?window=1h30m"),
        ] {
            let window: Window = text.parse().unwrap();
            assert_eq!((words(window).as_str(), query(window).as_str()), (expected, address));
            assert!(chooser(window).into_string().contains(&format!("selected>{expected}<")));
        }
        assert_eq!("1h30m".parse::<Window>().unwrap(), "90m".parse().unwrap());
    }
}
