use orbital_model::StepKind;

use crate::bindings::orbital::test::context::{Host, RunContext};
use crate::guest_state::GuestState;

impl Host for GuestState {
    async fn current(&mut self) -> wasmtime::Result<RunContext> {
        let context = self.run("context.current")?.context.clone();
        self.recorder.note(StepKind::Read { name: "context".to_owned(), value: context.case.to_string() });
        Ok(RunContext {
            run_id: context.id.to_string(),
            component: context.case.component().to_owned(),
            case: context.case.case().to_owned(),
            attempt: context.attempt,
            environment: context.environment.to_string(),
            webhook_url: context.webhook_url.to_string(),
        })
    }

    async fn time_left_ms(&mut self) -> wasmtime::Result<u32> {
        let run = self.run("context.time-left-ms")?;
        let left = (run.timeout + run.lost()).saturating_sub(self.recorder.clock().elapsed());
        let left = u32::try_from(left.as_millis()).unwrap_or(u32::MAX);
        self.recorder.note(StepKind::Read { name: "time left (ms)".to_owned(), value: left.to_string() });
        Ok(left)
    }
}
