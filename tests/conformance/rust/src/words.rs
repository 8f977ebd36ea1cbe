//! Cases that log, fail, and read their context and configuration.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::{Write as _, stdout};

use orbital_sdk::prelude::*;

#[case(manual, timeout = "5s")]
pub(crate) fn logs(t: &Test) -> Result {
    t.log(Level::Debug, "level debug", &[("n", &1)]);
    t.log(Level::Info, "level info", &[("n", &2)]);
    t.log(Level::Warn, "level warn", &[("n", &3)]);
    t.log(Level::Error, "level error", &[("n", &4)]);
    println!("printed");
    eprintln!("complained");
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn non_utf8(_: &Test) -> Result {
    stdout().write_all(b"\xff\xfe\n")?;
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn metrics(t: &Test) -> Result {
    t.counter("items_total", 3.0, &[("kind", "new")])?;
    t.gauge("depth", 7.0, &[])?;
    t.histogram("spread_seconds", 0.5, &[])?;
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn config(t: &Test) -> Result {
    t.info(t.require_config("greeting")?);
    t.require_config("missing")?;
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn context(t: &Test) -> Result {
    let RunContext { case, attempt, environment, .. } = t.context();
    t.info(format!("context {case} {attempt} {environment}"));
    Ok(())
}

/// Rust's texts are valid always; the other languages pass these bytes on as they are.
fn bytes() -> String {
    String::from_utf8_lossy(b"got \x8b\xff").into_owned()
}

#[case(manual, timeout = "5s")]
pub(crate) fn invalid_text(t: &Test) -> Result {
    t.log(Level::Info, bytes(), &[("n", &bytes())]);
    t.expect(&(bytes() + &t.new_id()))?;
    let asked = t.request(Request::get("encodings").path(String::from_utf8_lossy(b"/\x8b\xff")))?;
    t.info(asked.text());
    t.counter("invalid_text_total", 1.0, &[("kind", &bytes())])?;
    t.config(&bytes());
    t.fail(bytes());
    Ok(())
}

#[case(manual, timeout = "5s")]
pub(crate) fn invalid_end(_: &Test) -> Result {
    bail!("{}", bytes())
}

#[case(manual, timeout = "5s")]
pub(crate) fn random(t: &Test) -> Result {
    for _ in 0..3 {
        // Each has keys of its own, which come from the host.
        t.info(RandomState::new().build_hasher().finish().to_string());
    }
    Ok(())
}
