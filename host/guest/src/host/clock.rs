use std::time::Duration;

use orbital_model::StepKind;

use crate::activity::Activity;
use crate::bindings::orbital::test::clock::Host;
use crate::guest_state::GuestState;

impl Host for GuestState {
    async fn now(&mut self) -> wasmtime::Result<f64> {
        self.run("clock.now")?;
        let now = self.recorder.clock().now().as_secs_f64();
        self.recorder.note(StepKind::Read { name: "clock".to_owned(), value: now.to_string() });
        Ok(now)
    }

    async fn elapsed(&mut self) -> wasmtime::Result<f64> {
        self.run("clock.elapsed")?;
        let elapsed = self.recorder.clock().elapsed().as_secs_f64();
        self.recorder.note(StepKind::Read { name: "elapsed".to_owned(), value: elapsed.to_string() });
        Ok(elapsed)
    }

    async fn sleep(&mut self, duration_ms: u32) -> wasmtime::Result<()> {
        self.run("clock.sleep")?;
        let duration = Duration::from_millis(duration_ms.into());
        let since = self.recorder.clock().elapsed();
        let entered = self.recorder.enter(Activity::Sleeping { duration, since });
        tokio::time::sleep(duration).await;
        self.recorder.leave(entered, StepKind::Sleep { duration_ms });
        Ok(())
    }
}
