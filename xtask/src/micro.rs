//! The micro-benchmarks, in `benches/` of their crates.

/// Those whose instructions are counted, with their crates.
const COUNTED: [(&str, &str); 5] = [
    ("orbital-history", "history"),
    ("orbital-webhook", "keys"),
    ("orbital-model", "report"),
    ("orbital-run", "schedule"),
    ("orbital-webhook", "waiter"),
];

/// Those that have a WebAssembly engine, which reserves more address space than valgrind offers.
const OTHERS: [(&str, &str); 1] = [("orbital-guest", "guest")];

/// Returns arguments with which cargo builds those whose instructions are counted, and nothing else.
pub(crate) fn counted() -> Vec<String> {
    arguments(&COUNTED)
}

/// Returns arguments with which cargo builds all of them, and nothing else.
pub(crate) fn all() -> Vec<String> {
    arguments(&[&COUNTED[..], &OTHERS].concat())
}

fn arguments(benchmarks: &[(&str, &str)]) -> Vec<String> {
    let of_one = |(package, name): &(&str, &str)| {
        ["--features".to_owned(), format!("{package}/bench"), "--bench".to_owned(), (*name).to_owned()]
    };
    benchmarks.iter().flat_map(of_one).collect()
}
