//! `/sign-in`: a browser shows the token once, and gets a session.

use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Form, Router};
use http::{Extensions, HeaderMap, Method, StatusCode, header};
use maud::{Markup, html};
use orbital_listener::TurnedAway;
use serde::Deserialize;

use crate::Admin;
use crate::attempts::Attempt;
use crate::pages::failure::Failure;
use crate::pages::layout::Page;
use crate::pages::own::{lead_to, own};
use crate::pages::paths::{SIGN_IN, SIGN_OUT};
use crate::peer::peer;

pub(super) fn routes() -> Router<Admin> {
    Router::new().route(SIGN_IN, get(show).post(sign_in)).route(SIGN_OUT, post(sign_out))
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Shown {
    token: String,
    #[serde(default)]
    next: String,
}

/// Redirects a browser that requests a page to the sign-in page. Programs get the error.
pub(crate) fn invite(request: &Request) -> Option<Response> {
    let (path, headers) = (request.uri().path(), request.headers());
    let accepts = headers.get(header::ACCEPT)?.to_str().ok()?;
    if request.method() != Method::GET || path.starts_with("/api/") || !accepts.contains("text/html") {
        return None;
    }
    let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
    if headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site") {
        // A browser that follows a link on another site does not send the cookie. It does when this page leads there.
        return Some(super::settled(lead(own(target)).into_response()));
    }
    let next = form_urlencoded::Serializer::new(String::new()).append_pair("next", target).finish();
    Some(super::settled(lead_to(&format!("{SIGN_IN}?{next}")).into_response()))
}

fn lead(target: &str) -> Markup {
    html! {
        (maud::DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "orbital" } meta http-equiv="refresh" content={ "0;url=" (target) }; }
            body { main { h1 { "orbital" } p { a href=(target) { "Continue" } } } }
        }
    }
}

async fn show(
    State(admin): State<Admin>,
    query: Result<Query<Next>, QueryRejection>,
) -> Result<Response, Failure> {
    let Query(Next { next }) = query?;
    if !admin.guard.wants_token() {
        return Ok(lead_to(&next).into_response());
    }
    Ok(form(&next, false).into_response())
}

async fn sign_in(
    State(admin): State<Admin>,
    extensions: Extensions,
    form: Result<Form<Shown>, FormRejection>,
) -> Result<Response, Failure> {
    let Form(Shown { token, next }) = form?;
    let status = match admin.guard.sign_in(token.trim(), peer(&extensions)).await {
        Ok(cookie) => return Ok(([(header::SET_COOKIE, cookie)], lead_to(&next)).into_response()),
        Err(Attempt::TooMany) => StatusCode::TOO_MANY_REQUESTS,
        Err(_) => StatusCode::UNAUTHORIZED,
    };
    Ok((status, Extension(TurnedAway::Token), self::form(&next, true)).into_response())
}

async fn sign_out(State(admin): State<Admin>, headers: HeaderMap) -> Response {
    ([(header::SET_COOKIE, admin.guard.sign_out(&headers))], lead_to(SIGN_IN)).into_response()
}

fn form(next: &str, refused: bool) -> Markup {
    let content = html! {
        h1 { "Sign in" }
        p { "This host wants its token: the secret that " code { "admin.token" } " of its configuration names." }
        @if refused { p.note.bad role="alert" #refused { "✗ That is not the token." } }
        form.row method="post" action=(SIGN_IN) {
            input type="hidden" name="next" value=(next);
            label {
                "Token"
                input type="password" name="token" required autocomplete="current-password"
                    autofocus aria-describedby=[refused.then_some("refused")];
            }
            button type="submit" { "Sign in" }
        }
    };
    Page::bare("Sign in").show(&content)
}
