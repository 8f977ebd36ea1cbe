//! Breaks while it is asked for its cases.

#[path = "shared/by_hand.rs"]
#[allow(dead_code, unused_imports, reason = "each example uses a part of it")]
mod by_hand;

by_hand::export_cases!(core::arch::wasm32::unreachable());
