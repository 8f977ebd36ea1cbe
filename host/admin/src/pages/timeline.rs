//! The timeline of an attempt: a list of its steps, each with a bar that shows when the step happened.

use std::time::Duration;

use maud::{Markup, html};
use orbital_model::describe::short;
use orbital_model::{Attempt, LogLevel, Phases, Step, StepKind};

use crate::pages::parts::{lines, text};

/// The width of the pictures, in units of their own.
const WIDTH: f64 = 1000.0;

/// The minimum width of a bar, so that it is visible.
const LEAST: f64 = 6.0;

/// Returns the steps of an attempt. `number` distinguishes those of several attempts.
pub(super) fn timeline(attempt: &Attempt, number: usize) -> Markup {
    let culprit = attempt.culprit();
    let last = attempt.timeline.iter().map(|step| step.at + step.took.unwrap_or_default());
    let whole = last.fold(attempt.duration, Duration::max).as_secs_f64().max(1e-9);
    html! {
        ol.timeline {
            li {
                span.at { (short(Duration::ZERO)) }
                span.what { span.sign aria-hidden="true" { "▸" } "started" }
                (bar(Duration::ZERO, Duration::ZERO, whole, "span"))
            }
            @for (index, step) in attempt.timeline.iter().enumerate() {
                li id={ "step-" (number) "-" (index + 1) } .culprit[culprit == Some(index)] {
                    span.at { (short(step.at)) }
                    div.what {
                        @if culprit == Some(index) { strong { "Here it went wrong: " } }
                        (shown(step))
                    }
                    (bar(step.at, step.took.unwrap_or_default(), whole, colour(&step.what)))
                }
            }
            @if attempt.omitted > 0 {
                li { span.at {} span.what.faint { "… and " (attempt.omitted) " more steps, which were not kept" } }
            }
            li {
                span.at { (short(attempt.duration)) }
                span.what { span.sign aria-hidden="true" { "▪" } "ended: " (attempt.outcome.name()) }
                (bar(attempt.duration, Duration::ZERO, whole, "span"))
            }
        }
    }
}

/// Returns a bar that shows when a step happened in its attempt. The times next to it contain the same information.
fn bar(at: Duration, took: Duration, whole: f64, class: &str) -> Markup {
    let (at, took) = (at.as_secs_f64(), took.as_secs_f64());
    let width = (took / whole * WIDTH).max(LEAST);
    let left = (at / whole * WIDTH).clamp(0.0, WIDTH - LEAST).min(WIDTH - width.min(WIDTH));
    html! {
        svg.bar viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            rect.track x="0" y="4" width="1000" height="2" {}
            rect class=(class) x=(format!("{left:.0}")) y="0" width=(format!("{width:.0}")) height="10" {}
        }
    }
}

fn colour(what: &StepKind) -> &'static str {
    match what {
        what if what.is_bad() => "bad",
        StepKind::Delivery { .. } => "good",
        _ => "span",
    }
}

/// Returns the class and the sign of a step.
fn sign(what: &StepKind) -> (&'static str, &'static str) {
    match what {
        StepKind::Fail { .. } | StepKind::CutShort { .. } => ("bad", "✗"),
        what if what.is_bad() => ("bad", "✗"),
        StepKind::Send { .. } => ("", "→"),
        StepKind::Delivery { taken: false, .. } => ("odd", "←"),
        StepKind::Delivery { .. } => ("good", "←"),
        StepKind::Wait { .. } | StepKind::Sleep { .. } => ("", "◷"),
        StepKind::Expect { .. } | StepKind::NewId { .. } => ("", "◇"),
        StepKind::Log { level: LogLevel::Error, .. } => ("bad", "≡"),
        StepKind::Log { level: LogLevel::Warn, .. } => ("odd", "≡"),
        StepKind::Log { .. } => ("", "≡"),
        StepKind::Metric { .. } | StepKind::Read { .. } => ("", "·"),
    }
}

fn shown(step: &Step) -> Markup {
    let (class, sign) = sign(&step.what);
    html! {
        span class={ "sign " (class) } aria-hidden="true" { (sign) }
        @match &step.what {
            StepKind::Log { level, source, message, fields } => {
                span.badge { (source.label(*level)) } " " span.pre { (lines(message)) }
                @for (name, value) in fields { " " code { (text(name)) "=" (text(value)) } }
            }
            StepKind::Fail { message } => { "the test failed:" pre { (lines(message)) } }
            what => (text(&what.headline())),
        }
        @if let Some(took) = step.took { " " span.took { "(" (short(took)) (phases(&step.what)) ")" } }
        (bodies(&step.what))
    }
}

/// Returns how the time of an exchange was spent.
fn phases(what: &StepKind) -> Markup {
    html! {
        @if let StepKind::Send { phases: Some(Phases { connect, wait, read }), .. } = what {
            ": " @match connect { Some(connect) => { (short(*connect)) " to connect" }, None => "connected before" }
            ", " (short(*wait)) " to the answer's first byte, " (short(*read)) " to its last"
        }
    }
}

/// Returns the bodies that were sent, answered or delivered.
fn bodies(what: &StepKind) -> Markup {
    let body = |name: &str, body: &str| {
        html! { @if !body.is_empty() { details { summary { (name) } pre tabindex="0" { (lines(body)) } } } }
    };
    match what {
        StepKind::Send { body: sent, answer, .. } => html! {
            (body("Body that was sent", sent))
            (body("Body of the answer", answer.as_deref().unwrap_or_default()))
        },
        StepKind::Delivery { body: came, .. } => body("Body that came", came),
        _ => html! {},
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_stays_within_its_picture() {
        for (at, took) in [(0.0, 0.0), (0.0, 2.0), (1.9, 0.2), (2.0, 0.0), (5.0, 9.0)] {
            let (at, took) = (Duration::from_secs_f64(at), Duration::from_secs_f64(took));
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
