//! The layout that all pages share.

use std::fmt;

use maud::{DOCTYPE, Markup, html};
use orbital_model::CaseId;
use uuid::Uuid;

use crate::Admin;
use crate::pages::assets::{ICON, SCRIPT, STYLE};
use crate::pages::parts::text;
use crate::pages::paths;

/// The entries of the menu on every page.
const PLACES: [(&str, &str); 4] =
    [("/", "Overview"), ("/runs", "Runs"), ("/components", "Components"), ("/webhook", "Webhook")];

/// The entry of the menu if there are environments to compare.
const COMPARE: (&str, &str) = (paths::COMPARE, "Compare");

/// A page: the layout around its content.
pub(super) struct Page<'a> {
    title: &'a str,
    /// The entry of the menu that the page is, or belongs to.
    place: &'a str,
    /// The changes after which the script fetches the page again.
    watches: Option<Watches<'a>>,
    /// The operator's name of the environment in which the host runs.
    environment: String,
    signed_in: bool,
    compares: bool,
}

/// The changes after which the script fetches a page again.
pub(super) enum Watches<'a> {
    /// None. The page shows only whether the connection to the host is lost.
    Nothing,
    /// Those of any case; a page that says which of its rows changed.
    Cases,
    /// Those of one case.
    Case(&'a CaseId),
    /// Those of any run.
    Runs,
    /// Those of one run.
    Run(Uuid),
    /// Those of the requests that the webhook received.
    Deliveries,
}

/// As `assets/live.js` compares it.
impl fmt::Display for Watches<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => formatter.write_str("nothing"),
            Self::Cases => formatter.write_str("cases"),
            Self::Case(id) => write!(formatter, "case {id}"),
            Self::Runs => formatter.write_str("runs"),
            Self::Run(run) => write!(formatter, "run {}", run.simple()),
            Self::Deliveries => formatter.write_str("deliveries"),
        }
    }
}

impl<'a> Page<'a> {
    /// Creates a page that is not updated.
    pub(super) fn bare(title: &'a str) -> Self {
        Self {
            title,
            place: "",
            watches: None,
            environment: String::new(),
            signed_in: false,
            compares: false,
        }
    }

    /// Creates a page that is kept up to date.
    pub(super) fn live(title: &'a str, place: &'a str, watches: Watches<'a>, admin: &Admin) -> Self {
        let environment = admin.policy.borrow().runner.live.environment.clone();
        let signed_in = admin.guard.wants_token();
        let compares = admin.environments.borrow().names().next().is_some();
        Self { title, place, watches: Some(watches), environment, signed_in, compares }
    }

    pub(super) fn show(&self, content: &Markup) -> Markup {
        let Self { title, place, watches, environment, signed_in, compares } = self;
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (text(title)) " · orbital" @if !environment.is_empty() { " " (text(environment)) } }
                    link rel="icon" href=(ICON.path) type="image/svg+xml";
                    link rel="stylesheet" href=(STYLE.path);
                    script src=(SCRIPT.path) defer {}
                }
                body data-watches=[watches] {
                    a.skip href="#main" { "Skip to the content" }
                    header {
                        a.brand href="/" { "orbital" @if !environment.is_empty() { " " span.environment { (text(environment)) } } }
                        nav aria-label="Pages" {
                            ul {
                                @for (path, name) in PLACES.into_iter().chain(compares.then_some(COMPARE)) {
                                    li { a href=(path) aria-current=[(path == *place).then_some("page")] { (name) } }
                                }
                            }
                        }
                        p #connection hidden { }
                        @if *signed_in {
                            form method="post" action=(paths::SIGN_OUT) { button.quiet type="submit" { "Sign out" } }
                        }
                    }
                    main #main tabindex="-1" { (content) }
                    p #said .unseen role="status" aria-live="polite" { }
                    footer { p { "orbital " (env!("CARGO_PKG_VERSION")) " · " a href="/api/v1/cases" { "API" } " · " a href="/metrics" { "metrics" } } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_knows_all_changes_that_pages_watch() {
        let script = include_str!("assets/live.js");
        let (case, run) = (CaseId::new("${id}", ""), Uuid::nil());
        for watches in
            [Watches::Cases, Watches::Case(&case), Watches::Runs, Watches::Run(run), Watches::Deliveries]
        {
            let text =
                watches.to_string().replace("${id}/", "${id}").replace(&run.simple().to_string(), "${run}");
            let compared = [format!("watches === \"{text}\""), format!("watches === `{text}`")];
            assert!(compared.iter().any(|compared| script.contains(compared)), "{text}");
        }
    }
}
