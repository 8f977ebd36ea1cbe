//! Attacks in Rust are the examples; those in text are the files beside this one.
