//! The pipeline's API, over HTTP as a client library would use it.

use orbital_sdk::prelude::*;

#[case(every = "5s", timeout = "5s")]
pub(crate) fn http_client(t: &Test) -> Result {
    let id = t.new_id();
    // The HTTP request has no key, so the test expects the key itself.
    t.expect(&id)?;
    // The host in the URL is the name of a target, whose address the operator sets.
    let signup = json!({ "id": id, "email": "ada@example.com" });
    let sent = waki::Client::new().post("http://pipeline/events").json(&signup).send();
    let answer = sent.map_err(|error| Failure::new(format!("no answer: {error:#}")))?;
    if answer.status_code() != 202 {
        bail!("the sign-up was answered {}", answer.status_code());
    }

    let delivery = t.wait_for(&id)?;
    check_eq!(t, delivery.json::<Value>()?["processed"], true);
    Ok(())
}
