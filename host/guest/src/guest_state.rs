//! The state of one instance: everything that it may access.

use std::sync::Arc;

use orbital_model::{Budget, LogSource};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::budget::MemoryBudget;
use crate::clock::Random;
use crate::http::Outgoing;
use crate::meter::Meter;
use crate::recorder::Recorder;
use crate::run_parts::RunParts;
use crate::stdio::LineStream;

/// The most random bytes that a guest may ask for in one call.
const MAX_RANDOM: u64 = 64 << 10;

/// The most bytes of memory that one set of headers of `wasi:http` may take.
const MAX_FIELDS: usize = 32 << 10;

/// The state of one instance.
pub struct GuestState {
    pub(super) recorder: Recorder,
    pub(super) memory: MemoryBudget,
    wasi: WasiCtx,
    table: ResourceTable,
    /// The parts of the run; `None` while the component is asked for its cases.
    run: Option<Arc<RunParts>>,
    http: WasiHttpCtx,
    outgoing: Outgoing,
}

impl GuestState {
    /// Returns a session for a run.
    pub fn for_run(recorder: Recorder, parts: RunParts) -> Self {
        Self::new(recorder, Some(Arc::new(parts)))
    }

    /// Returns a session for asking a component for its cases. In it, the component may log, and nothing else.
    pub fn for_cases(recorder: Recorder) -> Self {
        Self::new(recorder, None)
    }

    fn new(recorder: Recorder, run: Option<Arc<RunParts>>) -> Self {
        let clock = recorder.clock();
        let wasi = WasiCtxBuilder::new()
            .stdout(LineStream::new(recorder.clone(), LogSource::Stdout))
            .stderr(LineStream::new(recorder.clone(), LogSource::Stderr))
            .wall_clock(clock)
            .monotonic_clock(clock)
            .secure_random(Random)
            .insecure_random(Random)
            .insecure_random_seed(rand::random())
            .max_random_size(MAX_RANDOM)
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .build();
        let outgoing = Outgoing::new(recorder.clone(), run.clone());
        let memory = MemoryBudget::new(recorder.meter().clone());
        let (mut table, mut http) = (ResourceTable::new(), WasiHttpCtx::new());
        table.set_max_capacity(recorder.meter().limits().of(Budget::Handles) as usize);
        http.set_field_size_limit(MAX_FIELDS);
        Self { recorder, memory, wasi, table, run, http, outgoing }
    }

    /// Returns the meter that counts the instance's resource usage.
    pub(super) fn meter(&self) -> &Meter {
        self.recorder.meter()
    }

    /// Returns the run's parts, for the host function `call`. Fails while the component is asked for its cases.
    pub(super) fn run(&self, call: &str) -> wasmtime::Result<&RunParts> {
        self.run.as_deref().ok_or_else(|| {
            wasmtime::Error::msg(format!(
                "`cases` called `{call}`: while it is asked for its cases, a component may only log"
            ))
        })
    }
}

impl WasiView for GuestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for GuestState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.outgoing, table: &mut self.table, ctx: &mut self.http }
    }
}
