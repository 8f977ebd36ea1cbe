//! Each way in which a test breaks, or never ends.

use std::hint::{black_box, spin_loop};

use orbital_sdk::prelude::*;

#[case(manual)]
fn trap(_: &Test) -> Result {
    core::arch::wasm32::unreachable()
}

#[case(manual, timeout = "500ms")]
fn spins(_: &Test) -> Result {
    loop {
        spin_loop();
    }
}

#[case(manual, timeout = "500ms")]
fn sleeps(t: &Test) -> Result {
    t.sleep(Duration::from_secs(60));
    Ok(())
}

#[case(manual, timeout = "500ms")]
fn waits(t: &Test) -> Result {
    t.wait_for(&t.new_id())?;
    Ok(())
}

#[case(manual, timeout = "500ms")]
fn waits_sent(t: &Test) -> Result {
    let id = t.new_id();
    t.send_event(Event::to("api").key(&id).json(&json!({ "id": id, "email": "ada@example.com" })))?;
    t.wait_for(&id)?;
    Ok(())
}

#[case(manual, timeout = "500ms")]
fn stuck_in_send(t: &Test) -> Result {
    t.send_event(Event::to("slow"))?;
    Ok(())
}

#[case(manual)]
fn exits(_: &Test) -> Result {
    std::process::exit(0)
}

#[case(manual)]
fn exits_nonzero(_: &Test) -> Result {
    std::process::exit(1)
}

#[case(manual)]
fn eats_memory(_: &Test) -> Result {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

#[case(manual)]
fn floods_log(t: &Test) -> Result {
    loop {
        t.info("on and on and on and on and on and on and on and on");
    }
}

#[case(manual)]
fn many_keys(t: &Test) -> Result {
    loop {
        t.expect(&t.new_id())?;
    }
}

#[case(manual)]
fn deep_recursion(t: &Test) -> Result {
    t.info(descend(0).to_string());
    Ok(())
}

fn descend(depth: u64) -> u64 {
    if depth == u64::MAX { 0 } else { black_box(descend(black_box(depth + 1))) + 1 }
}

suite!(
    trap,
    spins,
    sleeps,
    waits,
    waits_sent,
    stuck_in_send,
    exits,
    exits_nonzero,
    eats_memory,
    floods_log,
    many_keys,
    deep_recursion,
);
