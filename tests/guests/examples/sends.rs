//! Each answer that a target can give, and each error there is instead.

use orbital_sdk::prelude::*;

#[case(manual, timeout = "3s")]
fn smoke(t: &Test) -> Result {
    let id = t.new_id();
    t.send_event(Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com" })))?;
    let delivery = t.wait_for(&id)?;
    check_eq!(t, delivery.json::<Value>()?["processed"], true);
    Ok(())
}

#[case(manual)]
fn unknown_target(t: &Test) -> Result {
    match t.send_event(Event::to("nowhere")) {
        Err(SendError::UnknownTarget(text)) => {
            t.info(text);
            Ok(())
        }
        other => bail!("{other:?}"),
    }
}

#[case(manual)]
fn down(t: &Test) -> Result {
    match t.send_event(Event::to("down")) {
        Err(SendError::Unreachable(text)) => {
            t.info(text);
            Ok(())
        }
        other => bail!("{other:?}"),
    }
}

#[case(manual)]
fn status_500(t: &Test) -> Result {
    let receipt = t.send_event(Event::to("broken"))?;
    check_eq!(t, receipt.status, 500);
    Ok(())
}

#[case(manual)]
fn slow(t: &Test) -> Result {
    match t.send_event(Event::to("slow").timeout(Duration::from_millis(200))) {
        Err(SendError::Timeout) => Ok(()),
        other => bail!("{other:?}"),
    }
}

#[case(manual)]
fn too_large(t: &Test) -> Result {
    match t.send_event(Event::to("large")) {
        Err(SendError::TooLarge(_)) => Ok(()),
        other => bail!("{other:?}"),
    }
}

#[case(manual)]
fn bad_header(t: &Test) -> Result {
    is_invalid(t, Event::to("api").header("x-test", "one\ntwo: 2"))
}

#[case(manual)]
fn escape_path(t: &Test) -> Result {
    is_invalid(t, Event::to("api").path("/../admin"))
}

fn is_invalid(t: &Test, event: Event) -> Result {
    match t.send_event(event) {
        Err(SendError::Invalid(text)) => {
            t.info(text);
            Ok(())
        }
        other => bail!("{other:?}"),
    }
}

suite!(smoke, unknown_target, down, status_500, slow, too_large, bad_header, escape_path);
