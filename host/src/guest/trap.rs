//! How a guest broke.

use std::fmt;

use wasmtime::component::ResourceTableError;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use super::budget::{Budget, BudgetBreach};
use super::lines::Lines;
use super::meter::Meter;
use crate::foreign::beginning;

/// How many frames of a backtrace are shown.
const FRAMES: usize = 12;

/// The same for handles, when it is not our table that is full but the guest's, or when it lends too many to one call.
const OUT_OF_HANDLES: &str = "store handle limit exceeded";

/// How many characters of each are shown. The names in it are what the component says they are.
const FRAME: usize = 300;

/// What wasmtime says when a guest wants more copied in one call than it may. It has no type of its own.
const OUT_OF_HOSTCALL_FUEL: &str = "fuel allocated for hostcalls has been exhausted";

/// A guest that did not come back from a call.
#[derive(Debug, Clone)]
pub struct Breakdown {
    /// What happened, in one line.
    pub reason: String,
    /// The functions it was in, innermost first.
    pub frames: Vec<String>,
    /// Whether it asked for more than a budget allows.
    pub breach: Option<BudgetBreach>,
    /// Whether it ended itself.
    pub is_exit: bool,
}

impl Breakdown {
    pub(super) fn from_error(error: wasmtime::Error, meter: &Meter, lines: &Lines) -> Self {
        let breach = error.downcast_ref::<BudgetBreach>().copied().or_else(|| breach_within(&error, meter));
        let reason = if let Some(breach) = breach {
            breach.to_string()
        } else if let Some(exit) = error.downcast_ref::<I32Exit>() {
            format!("the test called `exit({})`; it must return instead", exit.0)
        } else if let Some(trap) = error.downcast_ref::<Trap>() {
            format!("the guest trapped: {}", trap.to_string().trim_start_matches("wasm trap: "))
        } else {
            format!("the guest was ended: {}", beginning(&error.root_cause().to_string()))
        };
        let frames =
            error.downcast_ref::<WasmBacktrace>().map(|trace| frames(trace, lines)).unwrap_or_default();
        Self { reason, frames, breach, is_exit: error.downcast_ref::<I32Exit>().is_some() }
    }
}

/// A limit that wasmtime enforces itself.
fn breach_within(error: &wasmtime::Error, meter: &Meter) -> Option<BudgetBreach> {
    let cause = error.root_cause().to_string();
    let is_full = matches!(error.downcast_ref(), Some(ResourceTableError::Full));
    let budget = if is_full || cause.contains(OUT_OF_HANDLES) {
        Budget::Handles
    } else if cause.contains(OUT_OF_HOSTCALL_FUEL) {
        Budget::HostMemory
    } else {
        return None;
    };
    let limit = meter.limits().of(budget);
    Some(meter.breach(BudgetBreach { budget, limit, asked: limit.saturating_add(1) }))
}

impl From<BudgetBreach> for Breakdown {
    fn from(breach: BudgetBreach) -> Self {
        Self { reason: breach.to_string(), frames: Vec::new(), breach: Some(breach), is_exit: false }
    }
}

impl fmt::Display for Breakdown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)?;
        for frame in &self.frames {
            write!(formatter, "\n    in {frame}")?;
        }
        Ok(())
    }
}

/// What a language's own machinery adds below the function that broke: it is the same in every backtrace.
const MACHINERY: [&str; 5] = ["abort", "exit", "_Exit", "exit_exit", "proc_exit"];

/// The same, where only the beginning is always the same.
const MACHINERY_BEGINS: [&str; 10] = [
    "core::",
    "std::",
    "alloc::",
    "__rustc::",
    "wasi_snapshot_preview1::",
    "__wasi_",
    "orbital_",
    "__ubsan_handle_",
    "debug.",
    "orbital.panicked",
];

/// How the function begins that bindings for C call a test by.
const CALLER: &str = "exports_orbital_test_suite_";

fn frames(backtrace: &WasmBacktrace, lines: &Lines) -> Vec<String> {
    let machinery = |frame: &&FrameInfo| {
        let name = frame.func_name().map(readable).unwrap_or_default();
        MACHINERY.contains(&name.as_str()) || MACHINERY_BEGINS.iter().any(|begin| name.starts_with(begin))
    };
    let named = backtrace.frames().iter().filter(|frame| frame.func_name().is_some());
    // What calls the test is in every backtrace, too.
    let named = named.take_while(|frame| !frame.func_name().is_some_and(|name| name.starts_with(CALLER)));
    let frames: Vec<_> = named.skip_while(machinery).take(FRAMES).collect();
    let places = lines.places(&frames);
    let shown = |(frame, place): (&&FrameInfo, Option<String>)| {
        let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
        plain(&format!("{}{place}", readable(frame.func_name().unwrap_or_default())))
    };
    frames.iter().zip(places).map(shown).collect()
}

fn plain(frame: &str) -> String {
    let plain = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    frame.chars().take(FRAME).map(plain).collect()
}

/// Rust's mangled names end in a hash that helps nobody.
fn readable(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}
