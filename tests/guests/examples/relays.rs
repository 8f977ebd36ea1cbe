//! Does what the answer to its event says, and reports what came: a test of the host plays the system under test
//! and decides what happens when.

use orbital_sdk::prelude::*;

/// The answer may name another key than the event's, and how many deliveries to take in each of several
/// waits: `{"key": "made-by-the-system", "takes": [4, 1]}`. Each wait ends with a report.
#[case(every = "200ms", timeout = "50s")]
fn relays(t: &Test) -> Result {
    let id = t.new_id();
    let event = json!({ "id": id, "run": t.context().run_id, "webhook": t.context().webhook_url });
    let answer = t.send_event(Event::to("api").path("/events").key(&id).json(&event))?.success()?;
    let plan: Value = answer.json()?;
    let key = plan["key"].as_str().unwrap_or(&id);
    let takes = plan["takes"].as_array().cloned().unwrap_or_else(|| vec![json!(1)]);
    for n in takes {
        let n = u32::try_from(n.as_u64().context("a number")?)?;
        let report = match t.wait_n([key], n) {
            Ok(deliveries) => json!({ "deliveries": deliveries.iter().map(seen).collect::<Vec<_>>() }),
            Err(WaitError::Overflow(dropped)) => json!({ "overflow": dropped }),
            Err(error) => return Err(error.into()),
        };
        t.request(Request::post("api").path("/reports").json(&report))?.success()?;
    }
    Ok(())
}

/// A delivery as the test sees it.
fn seen(delivery: &Delivery) -> Value {
    let headers: Vec<_> =
        delivery.headers.iter().map(|Header { name, value }| json!([name, value])).collect();
    json!({
        "key": delivery.key,
        "method": delivery.method,
        "path": delivery.path,
        "query": delivery.query,
        "headers": headers,
        "body": delivery.body,
        "latency": delivery.latency.map(|latency| latency.as_secs_f64()),
    })
}

suite!(relays);
