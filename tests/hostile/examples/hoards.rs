//! Takes memory: its own, and the host's.

use std::hint::black_box;
use std::mem::forget;

use orbital_sdk::prelude::*;
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::http::types::Fields;
use wasip2::random::random::get_random_bytes;

#[case(manual)]
fn memory(_: &Test) -> Result {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Timers that are never let go.
#[case(manual)]
fn timers(_: &Test) -> Result {
    loop {
        forget(subscribe_duration(u64::MAX));
    }
}

#[case(manual)]
fn streams(_: &Test) -> Result {
    loop {
        forget(wasip2::cli::stdout::get_stdout());
    }
}

#[case(manual)]
fn header_sets(_: &Test) -> Result {
    loop {
        forget(Fields::new());
    }
}

/// One timer, a million times over.
#[case(manual)]
fn polls(_: &Test) -> Result {
    let timer = subscribe_duration(0);
    let timers = vec![&timer; 1_000_000];
    loop {
        black_box(wasip2::io::poll::poll(&timers));
    }
}

/// One set without end.
#[case(manual)]
fn headers(t: &Test) -> Result {
    let fields = Fields::new();
    for number in 0_u32.. {
        if let Err(error) = fields.append("x", number.to_string().as_bytes()) {
            t.info(format!("refused: {error:?}"));
            return Ok(());
        }
    }
    Ok(())
}

#[case(manual)]
fn random(_: &Test) -> Result {
    black_box(get_random_bytes(1 << 40));
    Ok(())
}

#[case(manual)]
fn expectations(t: &Test) -> Result {
    loop {
        t.expect(&t.new_id())?;
    }
}

/// As many planned replies as a key can have, each as large as it can be, for key after key.
#[case(manual)]
fn replies(t: &Test) -> Result {
    loop {
        t.expect_with(&t.new_id(), (0..32).map(|_| Reply::status(503).body(vec![b'x'; 64 << 10])))?;
    }
}

/// Steps of the maximum size: the timeline is limited.
#[case(manual, timeout = "10m")]
fn steps(t: &Test) -> Result {
    let run = t.context().run_id;
    let keys: Vec<String> = (0..900).map(|number| format!("{run}-{number:0>200}")).collect();
    for _ in 0..100 {
        check!(t, t.wait_n_within(&keys, 1, Duration::ZERO).is_err());
    }
    Ok(())
}

#[case(manual)]
fn samples(t: &Test) -> Result {
    loop {
        t.counter("hoarded_total", 1.0, &[])?;
    }
}

suite!(memory, timers, streams, header_sets, polls, headers, random, expectations, replies, steps, samples);
