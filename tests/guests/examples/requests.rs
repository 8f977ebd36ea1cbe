//! Requests, and what a target or the host makes of them.

use orbital_sdk::prelude::*;

#[case(manual)]
fn sends(t: &Test) -> Result {
    t.send_event(Event::to("api").path("/v1?a=b").header("x-both", "the test's").body("event"))?;
    Ok(())
}

#[case(manual)]
fn receives_redirect(t: &Test) -> Result {
    let receipt = t.send_event(Event::to("api"))?;
    check_eq!(t, receipt.status, 302);
    check_eq!(t, receipt.header("location"), Some("/elsewhere"));
    Ok(())
}

#[case(manual)]
fn times_out(t: &Test) -> Result {
    match t.send_event(Event::to("api")) {
        Err(SendError::Timeout) => Ok(()),
        other => bail!("{other:?}"),
    }
}

#[case(manual)]
fn reserved_headers(t: &Test) -> Result {
    for name in ["orbital-run", "traceparent", "Host", "Content-Length", "Proxy-Authorization"] {
        match t.send_event(Event::to("api").header(name, "mine")) {
            Err(SendError::Invalid(text)) => t.info(text),
            other => bail!("{name}: {other:?}"),
        }
    }
    Ok(())
}

#[case(manual)]
fn escapes(t: &Test) -> Result {
    for path in ["/../admin", "/a/%2e%2E/admin", "admin", "/a\\..\\admin", "/a#b", "/a b"] {
        match t.send_event(Event::to("api").path(path)) {
            Err(SendError::Invalid(text)) => t.info(text),
            other => bail!("{path}: {other:?}"),
        }
    }
    Ok(())
}

suite!(sends, receives_redirect, times_out, reserved_headers, escapes);
