//! Sends without end.

use orbital_sdk::prelude::*;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, FutureIncomingResponse, Method, OutgoingBody, OutgoingRequest, Scheme};

#[case(manual)]
fn events(t: &Test) -> Result {
    loop {
        t.send_events(
            (0..16).map(|_| Event::to("api").json(&json!({ "id": t.new_id(), "email": "ada@example.com" }))),
        );
    }
}

/// A request whose body has not ended.
fn open() -> (FutureIncomingResponse, OutgoingBody) {
    open_to("api")
}

fn open_to(target: &str) -> (FutureIncomingResponse, OutgoingBody) {
    let request = OutgoingRequest::new(Fields::new());
    request.set_method(&Method::Post).unwrap();
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(target)).unwrap();
    request.set_path_with_query(Some("/")).unwrap();
    let body = request.body().unwrap();
    (handle(request, None).unwrap(), body)
}

/// As many as a run may have, to a system that never answers.
#[case(manual, timeout = "49 days", max_in_flight = 10)]
fn many(_: &Test) -> Result {
    let open: Vec<_> = (0..32).map(|_| open_to("silent")).collect();
    let answers = open.into_iter().map(|(answer, body)| {
        OutgoingBody::finish(body, None).unwrap();
        answer
    });
    let answers: Vec<_> = answers.collect();
    answers.iter().for_each(|answer| answer.subscribe().block());
    Ok(())
}

#[case(manual)]
fn in_flight(t: &Test) -> Result {
    let open: Vec<_> = (0..1000).map(|_| open()).collect();
    t.info(format!("{} requests are open", open.len()));
    open[0].0.subscribe().block();
    Ok(())
}

/// One whose body never ends.
#[case(manual)]
fn body(t: &Test) -> Result {
    let (_response, body) = open();
    let stream = body.write().unwrap();
    for written in 0_u32.. {
        if stream.blocking_write_and_flush(&[b'x'; 4096]).is_err() {
            t.info(format!("refused after {written} pieces"));
            return Ok(());
        }
    }
    Ok(())
}

suite!(events, many, in_flight, body);
