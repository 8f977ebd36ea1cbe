//! Plans what the webhook answers, as a test of the host says, and takes what comes.

use orbital_sdk::prelude::*;

/// The answer to its first request has the plans and how many deliveries to take of which keys:
/// `{"plans": [["key", [{"status": 500, "delay_ms": 10, "headers": [["name", "value"]], "body": "no"}]]],
/// "keys": ["key"], "take": 2}`. Its second request says what became of the plans.
#[case(every = "30d", timeout = "50s")]
fn replies(t: &Test) -> Result {
    let hello = json!({ "webhook": t.context().webhook_url });
    let plan: Value = t.request(Request::post("api").path("/plan").json(&hello))?.success()?.json()?;
    let mut results = Vec::new();
    for planned in list(&plan["plans"]) {
        let replies = list(&planned[1]).iter().map(reply);
        results.push(match t.expect_with(text(&planned[0]), replies) {
            Ok(()) => json!("ok"),
            Err(ExpectError::InvalidReply(reason)) => json!({ "invalid_reply": reason }),
            Err(error) => return Err(error.into()),
        });
    }
    t.request(Request::post("api").path("/planned").json(&results))?.success()?;
    let take = u32::try_from(plan["take"].as_u64().unwrap_or(0))?;
    if take > 0 {
        t.wait_n(list(&plan["keys"]).iter().map(text), take)?;
    }
    Ok(())
}

fn reply(plan: &Value) -> Reply {
    let number = |name: &str, default: u64| plan[name].as_u64().unwrap_or(default);
    let status = u16::try_from(number("status", 200)).expect("a status of 16 bits");
    let reply = Reply::status(status).delay(Duration::from_millis(number("delay_ms", 0)));
    let reply = reply.body(plan["body"].as_str().unwrap_or_default());
    list(&plan["headers"])
        .iter()
        .fold(reply, |reply, header| reply.header(text(&header[0]), text(&header[1])))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

suite!(replies);
