use std::time::Duration;

use orbital_model::Happening;

use crate::bindings::orbital::test::clock::Host;
use crate::recorder::Activity;
use crate::session::Session;

impl Host for Session {
    async fn now(&mut self) -> wasmtime::Result<f64> {
        self.run("clock.now")?;
        let now = self.recorder.clock().now().as_secs_f64();
        self.recorder.note(Happening::Read { name: "clock".to_owned(), value: now.to_string() });
        Ok(now)
    }

    async fn elapsed(&mut self) -> wasmtime::Result<f64> {
        self.run("clock.elapsed")?;
        let elapsed = self.recorder.clock().elapsed().as_secs_f64();
        self.recorder.note(Happening::Read { name: "elapsed".to_owned(), value: elapsed.to_string() });
        Ok(elapsed)
    }

    async fn sleep(&mut self, duration_ms: u32) -> wasmtime::Result<()> {
        self.run("clock.sleep")?;
        let duration = Duration::from_millis(duration_ms.into());
        let since = self.recorder.clock().elapsed();
        let entered = self.recorder.enter(Activity::Sleeping { duration, since });
        tokio::time::sleep(duration).await;
        self.recorder.leave(entered, Happening::Sleep { duration_ms });
        Ok(())
    }
}
