//! A case that tries to reach what its configuration says, and says what became of it.

use orbital_sdk::prelude::*;

#[path = "fetch.rs"]
mod fetch;

/// The script is lines such as `request api GET /v1`, `event api /v1`, `fetch http://api/v1`, `metric` and `config currency`.
#[case(manual, timeout = "20s")]
pub(crate) fn acts(t: &Test) -> Result {
    for line in t.require_config("script")?.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let words: Vec<&str> = line.split(' ').collect();
        let end = match words[..] {
            ["request", target, method, path] => {
                said(t.request(Request::new(method, target).path(path)).map(|receipt| receipt.status))
            }
            ["event", target, path] => {
                said(t.send_event(Event::to(target).path(path)).map(|receipt| receipt.status))
            }
            ["fetch", url] => match fetch::post(url) {
                Ok((status, text)) => format!("{status} {text}"),
                Err(error) => format!("{error:?}"),
            },
            ["metric"] => said(t.counter("tries_total", 1.0, &[])),
            ["config", name] => t.config(name).unwrap_or_else(|| "not set".to_owned()),
            _ => bail!("what is `{line}`?"),
        };
        t.info(format!("{line}: {end}"));
    }
    Ok(())
}

fn said<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => error.to_string(),
    }
}
