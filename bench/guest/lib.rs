//! Components for `cargo xtask bench`; each is an example.
