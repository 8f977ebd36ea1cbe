//! Never says what its cases are.

#[path = "shared/by_hand.rs"]
#[allow(dead_code, unused_imports, reason = "each example uses a part of it")]
mod by_hand;

by_hand::export_cases!(loop {
    std::hint::spin_loop();
});
