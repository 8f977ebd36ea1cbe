//! A component that is ready to run.

use std::sync::{Arc, Weak};

use orbital_model::Budget;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Store, UpdateDeadline};

use crate::bindings::exports::orbital::test::suite::TestCase;
use crate::bindings::{Test, TestPre};
use crate::guest_state::GuestState;
use crate::lines::Lines;
use crate::meter::Meter;
use crate::stack_sample::Lookout;
use crate::trap::GuestError;

/// A compiled and linked component. Every use of it creates a new instance. Clones share the code.
#[derive(Clone)]
pub struct Suite(Arc<Linked>);

/// A suite that others may have dropped.
pub(super) struct WeakSuite(Weak<Linked>);

/// The code of a suite.
pub struct Linked {
    test: TestPre<GuestState>,
    lines: Arc<Lines>,
    places: Arc<Semaphore>,
}

/// The permit to create an instance.
pub struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

/// A new instance that is not created yet, with everything that it may access.
pub struct Prepared {
    store: Store<GuestState>,
    suite: Suite,
}

/// An instance that is ready to be called. Dropping it ends the guest, whatever it is doing.
pub struct Entered {
    store: Store<GuestState>,
    test: Test,
    meter: Meter,
    lines: Arc<Lines>,
    place: Place,
}

impl Linked {
    pub(super) fn new(test: TestPre<GuestState>, places: Arc<Semaphore>) -> Self {
        Self { test, lines: Arc::default(), places }
    }

    /// Adds the line tables of the author's files, for messages about crashes, and returns the suite.
    pub(super) fn with_lines(self, lines: Lines) -> Suite {
        Suite::from(Self { lines: Arc::new(lines), ..self })
    }
}

impl From<Linked> for Suite {
    fn from(linked: Linked) -> Self {
        Self(Arc::new(linked))
    }
}

impl WeakSuite {
    pub(super) fn upgrade(&self) -> Option<Suite> {
        self.0.upgrade().map(Suite)
    }
}

impl Suite {
    pub(super) fn downgrade(&self) -> WeakSuite {
        WeakSuite(Arc::downgrade(&self.0))
    }

    /// Waits for a place for a new instance, if as many instances as possible are in use.
    pub async fn place(&self) -> Place {
        // The semaphore is never closed.
        Place { _permit: self.0.places.clone().acquire_owned().await.ok() }
    }

    /// Returns a new instance that is not created yet.
    pub fn prepare(&self, session: GuestState) -> Prepared {
        let mut store = Store::new(self.0.test.engine(), session);
        store.limiter(|session| &mut session.memory);
        let limits = *store.data().meter().limits();
        // In one call, a guest can make the host copy at most the amount of memory that the host may keep for it.
        store.set_hostcall_fuel(limits.of(Budget::HostMemory) as usize);
        // The guest's own handles, including those that it lends to a call.
        store.set_max_component_handles(limits.of(Budget::Handles) as usize);
        store.set_epoch_deadline(1);
        let mut lookout = Lookout::new(self.0.lines.clone());
        store.epoch_deadline_callback(move |context| {
            if !context.data().meter().tick()? {
                return Ok(UpdateDeadline::Continue(1));
            }
            if let Some(stack_sample) = lookout.look(&context) {
                context.data().recorder.see(stack_sample);
            }
            // tokio's own yield, so that timers and sockets are checked in between.
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        Prepared { store, suite: self.clone() }
    }
}

impl Prepared {
    /// Creates the instance. The guest's start code runs here, so this needs a timeout, too.
    ///
    /// # Errors
    /// The instance cannot be created, or its start code crashed.
    pub async fn enter(self, place: Place) -> Result<Entered, GuestError> {
        let Self { mut store, suite } = self;
        let Linked { test, lines, .. } = &*suite.0;
        let meter = store.data().meter().clone();
        let instantiate = Box::pin(async {
            let instance = test.instantiate_async(&mut store).await;
            instance.map_err(|error| GuestError::from_error(error, &meter, lines))
        });
        let test = meter.run(instantiate).await?;
        Ok(Entered { store, test, meter, lines: lines.clone(), place })
    }
}

impl Entered {
    /// Asks the guest for its cases.
    ///
    /// # Errors
    /// The guest crashed, ended itself, or exceeded a budget.
    pub async fn cases(self) -> Result<Vec<TestCase>, GuestError> {
        let Self { mut store, test, meter, lines, place: _place } = self;
        let counting = meter.clone();
        // The call owns the instance, so that the instance is dropped with the call.
        let call = Box::pin(async move {
            let called = test.orbital_test_suite().call_cases(&mut store).await;
            called.map_err(|error| GuestError::from_error(error, &meter, &lines))
        });
        counting.run(call).await
    }

    /// Runs a case. The inner error is the one that the test returned.
    ///
    /// # Errors
    /// The guest crashed, ended itself, or exceeded a budget.
    pub async fn run(self, case: &str) -> Result<Result<(), String>, GuestError> {
        let Self { mut store, test, meter, lines, place: _place } = self;
        let counting = meter.clone();
        let call = Box::pin(async move {
            let called = test.orbital_test_suite().call_run(&mut store, case).await;
            called.map_err(|error| GuestError::from_error(error, &meter, &lines))
        });
        let result = counting.run(call).await?;
        if let Err(reason) = &result {
            // The reason is a line of the log like any other.
            counting.charge(Budget::LogBytes, reason.len())?;
        }
        Ok(result)
    }
}
