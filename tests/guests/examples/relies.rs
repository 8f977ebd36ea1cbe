//! Relies on the operator's configuration, and fails if something is missing.

use orbital_sdk::prelude::*;

#[path = "shared/fetch.rs"]
mod fetch;

#[case(every = "200ms", timeout = "20s")]
fn target(t: &Test) -> Result {
    t.request(Request::post("api"))?.success()?;
    Ok(())
}

/// Over `wasi:http`.
#[case(every = "200ms", timeout = "20s")]
fn library(t: &Test) -> Result {
    fetches(t, "http://api/")
}

#[case(every = "200ms", timeout = "20s")]
fn secret(t: &Test) -> Result {
    t.request(Request::post("api").header("x-token", "${secret.token}"))?.success()?;
    Ok(())
}

#[case(every = "200ms", timeout = "20s")]
fn value(t: &Test) -> Result {
    t.require_config("plan")?;
    Ok(())
}

#[case(every = "200ms", timeout = "20s")]
fn metric(t: &Test) -> Result {
    t.counter("done_total", 1.0, &[])?;
    Ok(())
}

/// Does without a value and without metrics, and then needs the system under test.
#[case(manual, timeout = "20s")]
fn tolerates(t: &Test) -> Result {
    let plan = t.config("plan");
    let counted = t.counter("done_total", 1.0, &[]);
    t.info(format!("{plan:?} {counted:?}"));
    target(t)
}

/// Over `wasi:http`, to the URL in its configuration.
#[case(manual, timeout = "20s")]
fn elsewhere(t: &Test) -> Result {
    fetches(t, &t.require_config("url")?)
}

fn fetches(t: &Test, url: &str) -> Result {
    match fetch::post(url) {
        Ok((200, _)) => Ok(()),
        answer => {
            t.info(format!("{answer:?}"));
            bail!("no answer that it can use")
        }
    }
}

suite!(target, library, secret, value, metric, tolerates, elsewhere);
