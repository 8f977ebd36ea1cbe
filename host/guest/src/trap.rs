//! Crashes of guests.

use std::fmt;

use orbital_model::text::beginning;
use orbital_model::{Budget, BudgetBreach};
use wasmtime::component::ResourceTableError;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::lines::Lines;
use crate::meter::Meter;

/// The most frames of a backtrace that are shown.
const FRAMES: usize = 12;

/// wasmtime's message when the guest's table of handles, not the host's, is full, or when the guest lends too many
/// handles to one call. There is no type for this error.
const OUT_OF_HANDLES: &str = "store handle limit exceeded";

/// The most characters of a frame that are shown. The component chooses the names in it.
const FRAME: usize = 300;

/// wasmtime's message when a guest asks for more to be copied in one call than it may. There is
/// no type for this error.
const OUT_OF_HOSTCALL_FUEL: &str = "fuel allocated for hostcalls has been exhausted";

/// An error: a guest did not return from a call.
#[derive(Debug, Clone)]
pub struct GuestError {
    /// The reason, in one line.
    pub reason: String,
    /// The functions that the guest was in, innermost first.
    pub frames: Vec<String>,
    /// The breach, if the guest asked for more than a budget allows.
    pub breach: Option<BudgetBreach>,
    /// Whether the guest ended itself by calling `exit`.
    pub is_exit: bool,
}

impl GuestError {
    pub(super) fn from_error(error: wasmtime::Error, meter: &Meter, lines: &Lines) -> Self {
        let breach = error.downcast_ref::<BudgetBreach>().copied().or_else(|| breach_within(&error, meter));
        let reason = if let Some(breach) = breach {
            breach.to_string()
        } else if let Some(exit) = error.downcast_ref::<I32Exit>() {
            exited(exit.0)
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

/// Returns the message for a guest that ended its process. WASI has no other codes than success and failure, so the
/// author's own code is lost.
fn exited(code: i32) -> String {
    if code == 0 {
        return "the test called `exit(0)`; it must return instead".to_owned();
    }
    "the test called `exit` with the code of a failure (`os.Exit` in Go, `std::process::exit` in Rust); it must return \
     instead, with an error if it failed"
        .to_owned()
}

/// Returns the breach of a limit that wasmtime enforces itself, if the error reports one.
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

impl From<BudgetBreach> for GuestError {
    fn from(breach: BudgetBreach) -> Self {
        Self { reason: breach.to_string(), frames: Vec::new(), breach: Some(breach), is_exit: false }
    }
}

impl fmt::Display for GuestError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)?;
        write_frames(formatter, &self.frames)
    }
}

/// Writes the functions in which something happened, each on its own line.
pub fn write_frames(out: &mut impl fmt::Write, frames: &[String]) -> fmt::Result {
    frames.iter().try_for_each(|frame| write!(out, "\n    in {frame}"))
}

/// The functions that a language's runtime adds around the author's functions. They are the same in every backtrace.
const MACHINERY: [&str; 5] = ["abort", "exit", "_Exit", "exit_exit", "proc_exit"];

/// The beginnings of the names of functions that a language's runtime adds around the author's functions.
const MACHINERY_BEGINS: [&str; 13] = [
    "core::",
    "std::",
    "alloc::",
    "__rustc::",
    "wasi_snapshot_preview1::",
    "__wasi_",
    "orbital_",
    "github.com_orbital_e2e_orbital_guest_sdk_go.",
    "runtime.",
    "wasm_pc_f_loop",
    "__ubsan_handle_",
    "debug.",
    "orbital.panicked",
];

/// The beginnings of the names of the functions by which bindings call a test: in the bindings for C, in those that
/// use the contract's name, and in those that use Go's form of that name.
const CALLERS: [&str; 3] = ["exports_orbital_test_suite_", "orbital:test/suite@", "orbital_test_suite_"];

/// A function of an interpreter. The functions of an interpreter say nothing about the code that it interprets.
const INTERPRETER: &str = "_PyEval_EvalFrameDefault";

/// Returns the author's functions, innermost first, each with its place if that is known.
pub(super) fn frames(backtrace: &WasmBacktrace, lines: &Lines) -> Vec<String> {
    let named = backtrace.frames().iter().filter_map(|frame| Some((frame, readable(frame.func_name()?))));
    let is_caller = |name: &str| CALLERS.iter().any(|caller| name.starts_with(caller));
    let named: Vec<_> = named.take_while(|(_, name)| !is_caller(name)).collect();
    if named.iter().any(|(_, name)| name == INTERPRETER) {
        return Vec::new();
    }
    let is_own = |(_, name): &(&FrameInfo, String)| {
        !MACHINERY.contains(&name.as_str()) && !MACHINERY_BEGINS.iter().any(|begin| name.starts_with(begin))
    };
    let begin = named.iter().position(is_own).unwrap_or(named.len());
    let end = named.iter().rposition(is_own).map_or(begin, |last| last + 1).min(begin + FRAMES);
    let (frames, names): (Vec<_>, Vec<_>) = named.into_iter().take(end).skip(begin).unzip();
    let places = lines.places(&frames);
    let shown = |(name, place): (String, Option<String>)| match place {
        Some(place) => plain(&format!("{name} ({place})")),
        None => plain(&name),
    };
    names.into_iter().zip(places).map(shown).collect()
}

fn plain(frame: &str) -> String {
    let plain = |character: char| if character.is_control() { '\u{fffd}' } else { character };
    frame.chars().take(FRAME).map(plain).collect()
}

/// Returns a name without the hash at the end of Rust's mangled names, which helps nobody.
fn readable(name: &str) -> String {
    format!("{:#}", rustc_demangle::demangle(name))
}
