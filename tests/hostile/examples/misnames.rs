//! Names that are none, and of any length. What comes back names them, and must not be as long.

use orbital_sdk::bindings::exports::orbital::test::suite::{Guest, RetryPolicy, Schedule, TestCase};
use orbital_sdk::bindings::orbital::test::deliveries::{self, ExpectOptions, Header, PlannedReply};
use orbital_sdk::bindings::orbital::test::events::{self, Event, HttpRequest};
use orbital_sdk::bindings::orbital::test::metrics::{self, Label};
use orbital_sdk::bindings::orbital::test::{config, verdict};

/// More than any name needs, and less than one call may hand to the host.
const LONG: usize = 1 << 20;

/// The longest text that may come back.
const SENSIBLE: usize = 1000;

struct Suite;

impl Guest for Suite {
    fn cases() -> Vec<TestCase> {
        let case = TestCase {
            name: "misnames".to_owned(),
            schedule: Schedule::Manual,
            timeout_ms: None,
            tags: Vec::new(),
            retry: RetryPolicy { retries: 0, delay_ms: 0 },
            max_in_flight: 4,
        };
        vec![case]
    }

    /// Passes if all of it is refused, in few words.
    fn run(_: String) -> Result<(), String> {
        // With letters alone, and with what must be escaped.
        for long in ["x".repeat(LONG), "\u{1b}[31m\n".repeat(LONG / 6)] {
            refused("target", event(&long, None, ""));
            refused("path", event("api", None, &long));
            refused("path of dots", event("api", None, &format!("/{long}/..")));
            refused("key of an event", event("api", Some(long.clone()), ""));
            refused("header", header(&long, "x"));
            refused("value of a header", header("x", &long));
            refused("method", request(&long));
            refused("key", deliveries::expect(&long, &ExpectOptions { replies: Vec::new() }));
            refused("keys", deliveries::wait_n(std::slice::from_ref(&long), 1, None));
            refused("header of a reply", reply(&long, "x"));
            refused("value of a header of a reply", reply("x", &format!("{long}\n")));
            refused("metric", metrics::counter(&long, 1.0, &[]));
            refused("label", metrics::gauge("misnamed", 1.0, &[label(&long, "x")]));
            refused("value of a label", metrics::gauge("misnamed", 1.0, &[label("x", &long)]));
            if config::get(&long).is_some() {
                verdict::fail("it is configured");
            }
        }
        // Only the host can make an instance for a case, and it knows which cases there are.
        Ok(())
    }
}

fn refused<T, E: std::fmt::Debug>(what: &str, answer: Result<T, E>) {
    match answer {
        Ok(_) => verdict::fail(&format!("the {what} was taken")),
        Err(error) => {
            let size = format!("{error:?}").len();
            if size > SENSIBLE {
                verdict::fail(&format!("the {what} was refused in {size} bytes"));
            }
        }
    }
}

fn event(target: &str, key: Option<String>, path: &str) -> Result<events::Receipt, events::SendError> {
    events::send_event(&Event {
        target: target.to_owned(),
        key,
        path: path.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout_ms: None,
    })
}

fn header(name: &str, value: &str) -> Result<events::Receipt, events::SendError> {
    events::send_event(&Event {
        target: "api".to_owned(),
        key: None,
        path: String::new(),
        headers: vec![Header { name: name.to_owned(), value: format!("{value}\n") }],
        body: Vec::new(),
        timeout_ms: None,
    })
}

fn request(method: &str) -> Result<events::Receipt, events::SendError> {
    events::request(&HttpRequest {
        target: "api".to_owned(),
        method: format!("{method} "),
        path: String::new(),
        headers: Vec::new(),
        body: Vec::new(),
        timeout_ms: None,
    })
}

fn reply(name: &str, value: &str) -> Result<(), deliveries::ExpectError> {
    let headers = vec![Header { name: name.to_owned(), value: value.to_owned() }];
    let replies = vec![PlannedReply { status: 200, delay_ms: 0, headers, body: Vec::new() }];
    deliveries::expect("a key", &ExpectOptions { replies })
}

fn label(name: &str, value: &str) -> Label {
    Label { name: name.to_owned(), value: value.to_owned() }
}

orbital_sdk::bindings::export!(Suite with_types_in orbital_sdk::bindings);
