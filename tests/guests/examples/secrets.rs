//! Sends secrets that it does not know, and says all that it sees of what comes back.

use orbital_sdk::prelude::*;
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{Fields, Method, OutgoingBody, OutgoingRequest, Scheme};

/// Says what came, and fails if a secret is in it. The operator of this test gives the secret backwards: what is given
/// to a test is not hidden that way.
fn sees(t: &Test, what: &str, seen: &[u8]) -> Result {
    let backwards: Vec<u8> = seen.iter().rev().copied().collect();
    let hidden = t.require_config("backwards")?;
    check!(
        t,
        !backwards.windows(hidden.len()).any(|part| part == hidden.as_bytes()),
        "{what} has the secret"
    );
    t.info(format!("{what}: {}", String::from_utf8_lossy(seen)));
    Ok(())
}

fn sees_headers(t: &Test, headers: &[Header]) -> Result {
    headers.iter().try_for_each(|Header { name, value }| sees(t, name, value.as_bytes()))
}

#[case(manual, timeout = "30s")]
fn sends(t: &Test) -> Result {
    let id = t.new_id();
    let event = Event::to("api")
        .key(&id)
        .path("/of/${secret.token}/x?a=${secret.token}&b=${other}")
        .header("x-token", "Bearer ${secret.token}")
        .json(&json!({ "id": id, "token": "${secret.token}", "other": "${other}" }));
    let receipt = t.send_event(event)?;
    sees_headers(t, &receipt.headers)?;
    sees(t, "body", &receipt.body)?;
    let delivery = t.wait_for(&id)?;
    for text in [&delivery.method, &delivery.path, &delivery.query] {
        sees(t, "delivery", text.as_bytes())?;
    }
    sees_headers(t, &delivery.headers)?;
    sees(t, "delivery", &delivery.body)?;
    Ok(())
}

/// Sends placeholders as client libraries do, which escape some of their characters in a path.
#[case(manual, timeout = "30s")]
fn over_http(t: &Test) -> Result {
    let headers = Fields::new();
    headers.append("content-type", b"text/plain").unwrap();
    headers.append("x-token", b"Bearer ${secret.token}").unwrap();
    let request = OutgoingRequest::new(headers);
    request.set_method(&Method::Post).unwrap();
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some("api")).unwrap();
    request.set_path_with_query(Some("/of/$%7Bsecret.token%7D?a=${secret.token}")).unwrap();
    let outgoing = request.body().unwrap();
    let response = handle(request, None)?;
    let stream = outgoing.write().unwrap();
    stream.blocking_write_and_flush(b"<${secret.token}>")?;
    drop(stream);
    OutgoingBody::finish(outgoing, None)?;
    response.subscribe().block();
    let response = response.get().unwrap().unwrap()?;
    for (name, value) in response.headers().entries() {
        sees(t, &name, &value)?;
    }
    let incoming = response.consume().unwrap();
    let stream = incoming.stream().unwrap();
    let mut body = Vec::new();
    while let Ok(piece) = stream.blocking_read(65536) {
        body.extend(piece);
    }
    sees(t, "body", &body)
}

/// Placeholders that are not granted, unknown, or not allowed at their position.
#[case(manual, timeout = "30s")]
fn refused(t: &Test) -> Result {
    let requests = [
        Request::get("api").path("/${secret.other}"),
        Request::get("api").header("x-token", "${secret.other}"),
        Request::get("api").header("x-token", "${secret.nothing}"),
        Request::post("api").body("${secret.token}"),
        Request::get("api").path("/${secret.dots}/x"),
        Request::get("api").path("/a/.${secret.dot}/x"),
        Request::get("api").header("x-token", "${secret.broken}"),
    ];
    for request in requests {
        match t.request(request) {
            Err(SendError::Invalid(reason)) => t.info(reason),
            other => bail!("{other:?}"),
        }
    }
    Ok(())
}

/// A body may have anything in it that looks alike.
#[case(manual, timeout = "30s")]
fn alike(t: &Test) -> Result {
    t.request(Request::post("api").body("${secret.nothing} ${name} ${"))?;
    Ok(())
}

suite!(sends, over_http, refused, alike);
