//! Goes where it may not: to hosts by name, by address, by a redirect, by what a name stands for. Each case passes if it
//! gets nowhere.

use orbital_sdk::prelude::*;

#[path = "../../guests/examples/shared/fetch.rs"]
mod fetch;

fn denied(t: &Test, url: &str) {
    match fetch::post(url) {
        Ok((status, text)) => t.fail(format!("{url} answered {status}: {text}")),
        Err(error) => t.info(format!("{url}: {error:?}")),
    }
}

#[case(manual)]
fn by_name(t: &Test) -> Result {
    for url in ["https://example.com/", "https://api/", "http://user:password@example.com/"] {
        denied(t, url);
    }
    let refused = t.send_event(Event::to("secret").path("/"));
    check!(t, refused.is_err_and(|error| error.to_string().contains("may not send to the target `secret`")));
    Ok(())
}

#[case(manual)]
fn by_address(t: &Test) -> Result {
    let port = t.require_config("port")?;
    for host in ["127.0.0.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        denied(t, &format!("http://{host}:{port}/healthz"));
    }
    denied(t, "http://169.254.169.254/latest/meta-data/");
    Ok(())
}

#[case(manual)]
fn by_redirect(t: &Test) -> Result {
    let answer = t.request(Request::get("moved"))?;
    check_eq!(t, answer.status, 302);
    denied(t, answer.header("location").context("it leads nowhere")?);
    Ok(())
}

#[case(manual)]
fn by_dns(t: &Test) -> Result {
    let port = t.require_config("port")?;
    denied(t, &format!("http://localhost:{port}/healthz"));
    Ok(())
}

suite!(by_name, by_address, by_redirect, by_dns);
