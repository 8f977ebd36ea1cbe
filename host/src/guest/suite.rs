//! A component that is ready to run.

use wasmtime::{Store, UpdateDeadline};

use super::bindings::exports::orbital::test::suite::TestCase;
use super::bindings::{Test, TestPre};
use super::session::Session;
use super::trap::Breakdown;

/// Compiled and linked. Every use of it makes an instance of its own.
pub struct Suite {
    test: TestPre<Session>,
}

/// An instance that is ready to be called. Dropping it ends the guest, whatever it is doing.
pub struct Entered {
    store: Store<Session>,
    test: Test,
}

impl Suite {
    pub(super) fn new(test: TestPre<Session>) -> Self {
        Self { test }
    }

    /// Makes a fresh instance. The guest's own start code runs here, so this needs a time limit too.
    ///
    /// # Errors
    /// The instance cannot be made, or its start code broke.
    pub async fn enter(&self, session: Session) -> Result<Entered, Breakdown> {
        let mut store = Store::new(self.test.engine(), session);
        store.limiter(|session| &mut session.memory);
        store.set_epoch_deadline(1);
        // tokio's own yield, so that timers and sockets are looked at before a busy guest goes on.
        store.epoch_deadline_callback(|_| {
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        let test = self.test.instantiate_async(&mut store).await.map_err(Breakdown::from_error)?;
        Ok(Entered { store, test })
    }
}

impl Entered {
    /// Asks for the cases.
    ///
    /// # Errors
    /// The guest broke.
    pub async fn cases(mut self) -> Result<Vec<TestCase>, Breakdown> {
        let suite = self.test.orbital_test_suite();
        suite.call_cases(&mut self.store).await.map_err(Breakdown::from_error)
    }

    /// Runs a case. The inner error is the test's own.
    ///
    /// # Errors
    /// The guest broke.
    pub async fn run(mut self, case: &str) -> Result<Result<(), String>, Breakdown> {
        let suite = self.test.orbital_test_suite();
        suite.call_run(&mut self.store, case).await.map_err(Breakdown::from_error)
    }
}
