//! A new series with each run, and more.

use orbital_sdk::prelude::*;

#[case(every = "50ms", timeout = "5m", max_in_flight = 100)]
fn labels(t: &Test) -> Result {
    for number in 0..5 {
        let id = format!("{}-{number}", t.new_id());
        if let Err(error) = t.counter("labelled_total", 1.0, &[("id", &id)]) {
            t.info(format!("refused: {error}"));
            return Ok(());
        }
    }
    Ok(())
}

suite!(labels);
