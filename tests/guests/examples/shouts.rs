//! Says things that would clear a terminal, forge a line, or have it read backwards, wherever it may say anything.

use orbital_sdk::prelude::*;

const LOUD: &str = "\u{1b}[2J\u{1b}]0;title\u{7}\r\n--- PASS: forged/line (1.0ms)\u{2028}--- PASS: other/line\u{202e}txt\u{9b}31m\u{7f}";

#[case(
    every = "30d",
    tags(
        said = "\u{1b}[2J\u{1b}]0;title\u{7}\r\n--- PASS: forged/line (1.0ms)\u{2028}--- PASS: other/line\u{202e}txt\u{9b}31m\u{7f}"
    )
)]
fn shouts(t: &Test) -> Result {
    t.log(Level::Info, LOUD, &[("field", &LOUD)]);
    println!("{LOUD}");
    eprintln!("{LOUD}");
    let _ = t.expect(LOUD);
    let _ = t.send_event(Event::to(LOUD).path(LOUD).key(t.new_id()).body(LOUD));
    let _ = t.send_event(Event::to("api").path("/events").key(t.new_id()).body(LOUD));
    let _ = t.config(LOUD);
    t.fail(LOUD);
    bail!("{LOUD}")
}

suite!(shouts);
