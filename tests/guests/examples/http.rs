//! Sends as client libraries do: over `wasi:http`.

use orbital_sdk::prelude::*;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{ErrorCode, Fields, Method, OutgoingBody, OutgoingRequest, Scheme};

/// Status and body of the answer to a `GET`.
fn get(authority: &str, path: &str) -> Result<(u16, String), ErrorCode> {
    exchange(&Method::Get, authority, path, b"")
}

/// Status and body of the answer to a `POST`.
fn post(authority: &str, path: &str, body: &[u8]) -> Result<(u16, String), ErrorCode> {
    exchange(&Method::Post, authority, path, body)
}

fn exchange(method: &Method, authority: &str, path: &str, body: &[u8]) -> Result<(u16, String), ErrorCode> {
    let headers = Fields::new();
    headers.append("content-type", b"text/plain").unwrap();
    // What a library may set, and what is the host's: it is left out.
    headers.append("content-length", body.len().to_string().as_bytes()).unwrap();
    let request = OutgoingRequest::new(headers);
    request.set_method(method).unwrap();
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some(path)).unwrap();
    let outgoing = request.body().unwrap();
    let response = handle(request, None)?;
    let stream = outgoing.write().unwrap();
    // A request that is refused takes no more of its body.
    let taken = body.chunks(4096).all(|piece| stream.blocking_write_and_flush(piece).is_ok());
    drop(stream);
    if taken {
        OutgoingBody::finish(outgoing, None)?;
    }
    response.subscribe().block();
    let response = response.get().unwrap().unwrap()?;
    let status = response.status();
    let incoming = response.consume().unwrap();
    let stream = incoming.stream().unwrap();
    let mut text = Vec::new();
    while let Ok(piece) = stream.blocking_read(65536) {
        text.extend(piece);
    }
    Ok((status, String::from_utf8_lossy(&text).into_owned()))
}

fn say(t: &Test, answer: Result<(u16, String), ErrorCode>) {
    match answer {
        Ok((status, text)) => t.info(format!("answered {status}: {text}")),
        Err(error) => t.info(format!("{error:?}")),
    }
}

/// By the target's name, which is the same in every environment.
#[case(manual)]
fn by_name(t: &Test) -> Result {
    say(t, post("api", "/v1/batch?a=b", &b"x".repeat(10_000)));
    Ok(())
}

/// By the target's own URL, and just beside it.
#[case(manual)]
fn by_url(t: &Test) -> Result {
    let authority = t.require_config("authority")?;
    say(t, post(&authority, "/base/below", b"below"));
    say(t, post(&authority, "/basement", b"beside"));
    say(t, post(&authority, "/base/../x", b"out"));
    Ok(())
}

#[case(manual)]
fn elsewhere(t: &Test) -> Result {
    for authority in ["example.com", "127.0.0.1:1", "api:80"] {
        say(t, post(authority, "/", b""));
    }
    Ok(())
}

/// A delivery can be told to come from the only event without a key.
#[case(manual, timeout = "10s")]
fn awaits(t: &Test) -> Result {
    let id = t.new_id();
    t.expect(&id)?;
    say(t, post("api", "/", id.as_bytes()));
    t.wait_for(&id)?;
    Ok(())
}

/// Reads and then waits: a request that only reads is no event that could lead to the delivery.
#[case(manual, timeout = "10s")]
fn reads_and_awaits(t: &Test) -> Result {
    let id = t.new_id();
    t.expect(&id)?;
    say(t, get("api", &format!("/{id}")));
    t.wait_for(&id)?;
    Ok(())
}

#[case(manual, timeout = "300ms")]
fn hangs(t: &Test) -> Result {
    say(t, post("api", "/", b"hang"));
    Ok(())
}

#[case(manual)]
fn too_much(t: &Test) -> Result {
    say(t, post("api", "/", &b"x".repeat(9 << 20)));
    Ok(())
}

#[case(manual)]
fn floods(t: &Test) -> Result {
    loop {
        if post("api", "/", b"").is_err() {
            t.info("refused");
            return Ok(());
        }
    }
}

suite!(by_name, by_url, elsewhere, awaits, reads_and_awaits, hangs, too_much, floods);
