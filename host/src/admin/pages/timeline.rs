//! What an attempt did, as a picture: a list with a bar for each step, which stands where its time was.

use maud::{Markup, html};

use super::parts::{lines, seconds, text};
use super::story::{Moment, Phases, Try, What};
use crate::report::text::deliveries;

/// How wide the pictures are, in units of their own.
const WIDTH: f64 = 1000.0;

/// How wide a bar is at least, so that one sees it.
const LEAST: f64 = 6.0;

/// The steps of an attempt. `number` tells those of several attempts apart.
pub(super) fn timeline(attempt: &Try, number: usize) -> Markup {
    let culprit = attempt.culprit();
    let last = attempt.timeline.iter().map(|step| step.at + step.took.unwrap_or_default());
    let whole = last.fold(attempt.duration, f64::max).max(1e-9);
    html! {
        ol.timeline {
            li {
                span.at { (seconds(0.0)) }
                span.what { span.sign aria-hidden="true" { "▸" } "started" }
                (bar(0.0, 0.0, whole, "span"))
            }
            @for (index, step) in attempt.timeline.iter().enumerate() {
                li id={ "step-" (number) "-" (index + 1) } .culprit[culprit == Some(index)] {
                    span.at { (seconds(step.at)) }
                    div.what {
                        @if culprit == Some(index) { strong { "Here it went wrong: " } }
                        (shown(step))
                    }
                    (bar(step.at, step.took.unwrap_or_default(), whole, colour(&step.what)))
                }
            }
            @if attempt.omitted > 0 {
                li { span.at {} span.what.faint { "… and " (attempt.omitted) " steps more, which were not kept" } }
            }
            li {
                span.at { (seconds(attempt.duration)) }
                span.what { span.sign aria-hidden="true" { "▪" } "ended: " (attempt.outcome.name()) }
                (bar(attempt.duration, 0.0, whole, "span"))
            }
        }
    }
}

/// Where a step stands in the time of its attempt. The times beside it say the same.
fn bar(at: f64, took: f64, whole: f64, class: &str) -> Markup {
    let width = (took / whole * WIDTH).max(LEAST);
    let left = (at / whole * WIDTH).clamp(0.0, WIDTH - LEAST).min(WIDTH - width.min(WIDTH));
    html! {
        svg.bar viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.track x="0" y="4" width="1000" height="2" {}
            rect class=(class) x=(format!("{left:.0}")) y="0" width=(format!("{width:.0}")) height="10" {}
        }
    }
}

fn colour(what: &What) -> &'static str {
    match what {
        what if what.is_bad() => "bad",
        What::Delivery { .. } => "good",
        _ => "span",
    }
}

/// The sign of a step, and its class.
fn sign(what: &What) -> (&'static str, &'static str) {
    match what {
        What::Fail { .. } | What::CutShort { .. } => ("bad", "✗"),
        what if what.is_bad() => ("bad", "✗"),
        What::Send { .. } => ("", "→"),
        What::Delivery { taken: false, .. } => ("odd", "←"),
        What::Delivery { .. } => ("good", "←"),
        What::Wait { .. } | What::Sleep { .. } => ("", "◷"),
        What::Expect { .. } | What::NewId { .. } => ("", "◇"),
        What::Log { level, .. } if level == "error" => ("bad", "≡"),
        What::Log { level, .. } if level == "warn" => ("odd", "≡"),
        What::Log { .. } => ("", "≡"),
        What::Metric { .. } | What::Read { .. } => ("", "·"),
    }
}

fn shown(step: &Moment) -> Markup {
    let (class, sign) = sign(&step.what);
    html! {
        span class={ "sign " (class) } aria-hidden="true" { (sign) }
        @match &step.what {
            What::Log { level, source, message, fields } => {
                span.badge { @if source == "log" { (text(level)) } @else { (text(source)) } } " " span.pre { (lines(message)) }
                @for (name, value) in fields { " " code { (text(name)) "=" (text(value)) } }
            }
            What::Fail { message } => { "the test failed:" pre { (lines(message)) } }
            what => (text(&headline(what))),
        }
        @if let Some(took) = step.took { " " span.took { "(" (seconds(took)) (phases(&step.what)) ")" } }
        (bodies(&step.what))
    }
}

/// Where the time of an exchange went.
fn phases(what: &What) -> Markup {
    html! {
        @if let What::Send { phases: Some(Phases { connect, wait, read }), .. } = what {
            ": " @match connect { Some(connect) => { (seconds(*connect)) " to connect" }, None => "connected before" }
            ", " (seconds(*wait)) " to the answer's first byte, " (seconds(*read)) " to its last"
        }
    }
}

/// What was sent, answered or delivered.
fn bodies(what: &What) -> Markup {
    let body = |name: &str, body: &str| {
        html! { @if !body.is_empty() { details { summary { (name) } pre tabindex="0" { (lines(body)) } } } }
    };
    match what {
        What::Send { body: sent, answer, .. } => html! {
            (body("Body that was sent", sent))
            (body("Body of the answer", answer.as_deref().unwrap_or_default()))
        },
        What::Delivery { body: came, .. } => body("Body that came", came),
        _ => html! {},
    }
}

/// A step in words, of one line if its texts are.
pub(super) fn headline(what: &What) -> String {
    let problem =
        |error: &Option<String>| error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    match what {
        What::Log { level, message, .. } => format!("{level}: {message}"),
        What::Fail { message } => format!("the test failed: {}", message.lines().next().unwrap_or_default()),
        What::NewId { key } => format!("made the key `{key}`"),
        What::Expect { key, error: None } => format!("expects deliveries with the key `{key}`"),
        What::Expect { key, error: Some(error) } => format!("cannot expect `{key}`: {error}"),
        What::Send { target, method, path, key, status, error, .. } => {
            let key = key.as_ref().map(|key| format!(", key `{key}`")).unwrap_or_default();
            let end = match (status, error) {
                (Some(status), _) => format!("answered {status}"),
                (None, error) => format!("no answer: {}", error.as_deref().unwrap_or("unknown")),
            };
            // A host that is no target's has its whole URL.
            match path.starts_with('/') || path.is_empty() {
                true => format!("{method} to `{target}`{path}{key}: {end}"),
                false => format!("{method} to `{path}`{key}: {end}"),
            }
        }
        What::Wait { keys, n, timeout_ms, error } => {
            let most = timeout_ms.map(|ms| format!(", for at most {}", seconds(f64::from(ms) / 1e3)));
            format!("waited for {}{}{}", deliveries(*n, keys), most.unwrap_or_default(), problem(error))
        }
        What::Delivery { key, method, path, latency, answered, answered_after, taken, .. } => {
            let latency = latency.map(|latency| format!(", {} after the event", seconds(latency)));
            let after = answered_after.map(|after| format!(" after {}", seconds(after))).unwrap_or_default();
            let answered = answered.map(|status| format!(", answered {status}{after}")).unwrap_or_default();
            let taken = if *taken { "" } else { ", which the test never waited for" };
            format!("delivery: {method} {path}, key `{key}`{}{answered}{taken}", latency.unwrap_or_default())
        }
        What::CutShort { call } => format!("{call}: cut short when its time ended"),
        What::Sleep { duration_ms } => format!("slept for {}", seconds(f64::from(*duration_ms) / 1e3)),
        What::Metric { kind, name, value, error } => format!("{kind} {name}: {value}{}", problem(error)),
        What::Read { name, value } => format!("read {name}: {value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_stays_within_its_picture() {
        for (at, took) in [(0.0, 0.0), (0.0, 2.0), (1.9, 0.2), (2.0, 0.0), (5.0, 9.0)] {
            let picture = bar(at, took, 2.0, "span").into_string();
            let value = |name: &str| -> f64 {
                let rest = picture.rsplit_once(&format!(" {name}=\"")).unwrap().1;
                rest.split('"').next().unwrap().parse().unwrap()
            };
            assert!(value("x") >= 0.0 && value("width") >= LEAST, "{picture}");
            assert!(value("x") <= WIDTH - LEAST, "{picture}");
        }
    }
}
