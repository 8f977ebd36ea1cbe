//! The layout that all pages share.

use maud::{DOCTYPE, Markup, html};

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
    watches: Option<String>,
    /// The operator's name of the environment in which the host runs.
    environment: String,
    signed_in: bool,
    compares: bool,
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

    /// Creates a page that is kept up to date. `assets/live.js` says what it can watch.
    pub(super) fn live(title: &'a str, place: &'a str, watches: impl Into<String>, admin: &Admin) -> Self {
        let environment = admin.policy.borrow().runner.environment.clone();
        let signed_in = admin.guard.wants_token();
        let compares = admin.environments.borrow().names().next().is_some();
        Self { title, place, watches: Some(watches.into()), environment, signed_in, compares }
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
                body data-watches=[watches.as_deref()] {
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
