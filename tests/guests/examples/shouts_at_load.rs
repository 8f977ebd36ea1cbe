//! A name that would clear a terminal and forge a line.

#[path = "shared/by_hand.rs"]
#[allow(dead_code, unused_imports, reason = "each example uses a part of it")]
mod by_hand;

by_hand::export_cases!(vec![by_hand::manual(
    "\u{1b}[2J\r\n--- PASS: forged/line (1.0ms)\u{2028}--- PASS: other/line\u{202e}txt\u{9b}31m\u{7f}"
)]);
