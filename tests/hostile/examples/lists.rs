//! Lists without end.

use orbital_sdk::bindings::orbital::test::deliveries::{self, ExpectOptions, Header, PlannedReply};
use orbital_sdk::bindings::orbital::test::metrics::{Label, counter};
use orbital_sdk::prelude::*;

const MILLION: usize = 1_000_000;

/// More than what holds headers in the host can have.
const MANY_HEADERS: usize = 50_000;

#[case(manual)]
fn events(t: &Test) -> Result {
    t.send_events((0..MILLION).map(|_| Event::to("")));
    Ok(())
}

/// Few enough to be handed over.
#[case(manual)]
fn some_events(t: &Test) -> Result {
    t.send_events((0..50_000).map(|_| Event::to("")));
    Ok(())
}

#[case(manual)]
fn keys(t: &Test) -> Result {
    t.wait_n((0..MILLION).map(|key| key.to_string()), 1)?;
    Ok(())
}

/// One key, again and again, in one call.
#[case(manual)]
fn same_key(t: &Test) -> Result {
    t.wait_n(std::iter::repeat_n("k", MILLION), 1)?;
    Ok(())
}

#[case(manual)]
fn labels(_: &Test) -> Result {
    let label = |number: usize| Label { name: format!("l{number}"), value: String::new() };
    let labels: Vec<Label> = (0..MANY_HEADERS).map(label).collect();
    check_refused(counter("listed_total", 1.0, &labels))
}

/// Each header is allowed.
fn many_headers() -> Vec<Header> {
    (0..MANY_HEADERS).map(|number| Header { name: format!("x-{number}"), value: String::new() }).collect()
}

#[case(manual)]
fn headers(t: &Test) -> Result {
    let event = many_headers()
        .into_iter()
        .fold(Event::to("api"), |event, Header { name, value }| event.header(name, value));
    check_refused(t.send_event(event))
}

#[case(manual)]
fn headers_of_a_reply(_: &Test) -> Result {
    let reply = PlannedReply { status: 200, delay_ms: 0, headers: many_headers(), body: Vec::new() };
    check_refused(deliveries::expect("a key", &ExpectOptions { replies: vec![reply] }))
}

fn check_refused<T, E: std::fmt::Debug>(answer: std::result::Result<T, E>) -> Result {
    match answer {
        Ok(_) => bail!("it was taken"),
        Err(error) => {
            println!("refused: {error:?}");
            Ok(())
        }
    }
}

suite!(events, some_events, keys, same_key, labels, headers, headers_of_a_reply);
