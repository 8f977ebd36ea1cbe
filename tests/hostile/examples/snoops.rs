//! Wants to read what is delivered to others, by guessing their keys: those next to one of its own.

use orbital_sdk::prelude::*;

#[case(manual)]
fn guesses(t: &Test) -> Result {
    let own = t.new_id();
    let guesses: Vec<String> =
        (0..900).map(|number| format!("{}{number:03x}", &own[..own.len() - 3])).collect();
    let guesses: Vec<String> = guesses.into_iter().filter(|guess| *guess != own).collect();
    let came = t.wait_n_within(&guesses, 1, Duration::from_millis(300));
    check!(t, came.is_err(), "it was given {came:?}");
    Ok(())
}

suite!(guesses);
