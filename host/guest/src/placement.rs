//! Where a run computes.
//!
//! A guest that computes briefly does so on the thread where its wake-up arrives, among the host's own tasks: nothing
//! costs less. A guest that computes for long would delay the sockets and timers there. So its run moves to the runtime
//! of the guests, and later runs of the component begin there.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::runtime::Handle;

use crate::quota::{BRIEF, ComponentQuota};

/// Where a run computes. Clones are about the same run.
#[derive(Clone)]
pub struct Placement(Arc<State>);

struct State {
    /// Whether the run is on the runtime of the guests.
    is_apart: AtomicBool,
    /// Whether the run has computed for long, or its component is busy.
    is_long: AtomicBool,
}

/// A run on either runtime.
struct Running<F> {
    run: Pin<Box<F>>,
    quota: Arc<ComponentQuota>,
    placement: Placement,
}

/// A run among the host's tasks, until it has to move.
struct Among<F> {
    running: Option<Running<F>>,
    guests: Handle,
}

impl Placement {
    /// Returns the placement of a run that is on the runtime of the guests from its beginning.
    pub fn apart() -> Self {
        Self::new(true)
    }

    fn new(is_apart: bool) -> Self {
        Self(Arc::new(State { is_apart: is_apart.into(), is_long: false.into() }))
    }

    /// Spawns a run: on the current runtime, or on `guests` if recent runs of the component computed for long.
    pub fn spawn<F>(quota: &Arc<ComponentQuota>, guests: &Handle, run: impl FnOnce(Self) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let placement = Self::new(quota.computes_long());
        // In a box of its own, so that it is not copied when it moves.
        let running = Running { run: Box::pin(run(placement.clone())), quota: quota.clone(), placement };
        if running.placement.is_apart() {
            guests.spawn(running);
        } else {
            tokio::spawn(Among { running: Some(running), guests: guests.clone() });
        }
    }

    /// Notes how long the run has computed at once.
    pub(super) fn computed(&self, time: Duration) {
        if time > BRIEF {
            self.0.is_long.store(true, Ordering::Relaxed);
        }
    }

    /// Makes the run move, if it is not apart. Returns whether it has to.
    pub(super) fn must_move(&self) -> bool {
        let must_move = !self.is_apart();
        if must_move {
            self.0.is_long.store(true, Ordering::Relaxed);
        }
        must_move
    }

    fn is_apart(&self) -> bool {
        self.0.is_apart.load(Ordering::Relaxed)
    }

    fn is_long(&self) -> bool {
        self.0.is_long.load(Ordering::Relaxed)
    }
}

impl<F: Future<Output = ()>> Future for Running<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let polled = self.run.as_mut().poll(context);
        if polled.is_ready() {
            self.quota.run_ended(self.placement.is_long());
        }
        polled
    }
}

impl<F: Future<Output = ()> + Send + 'static> Future for Among<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Some(running) = &mut self.running else { return Poll::Ready(()) };
        let polled = Pin::new(&mut *running).poll(context);
        if polled.is_pending() && running.placement.is_long() {
            running.placement.0.is_apart.store(true, Ordering::Relaxed);
            // A new task is polled at once, so no wake-up is lost.
            drop(self.running.take().map(|running| self.guests.spawn(running)));
            return Poll::Ready(());
        }
        polled
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use tokio::runtime::{Builder, Runtime};
    use tokio::sync::oneshot;

    use super::*;
    use crate::quota::ComponentQuotas;
    use crate::ticker::EpochWaker;

    fn runtime(name: &str) -> Runtime {
        Builder::new_multi_thread().worker_threads(1).thread_name(name).build().unwrap()
    }

    /// A run that drops the sender only after its end was noted.
    struct Noted<F>(Pin<Box<F>>, #[allow(dead_code, reason = "dropped with the run")] oneshot::Sender<()>);

    impl<F: Future<Output = ()>> Future for Noted<F> {
        type Output = ();

        fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            self.0.as_mut().poll(context)
        }
    }

    /// Returns the names of the threads on which a run begins and ends. It computes in between.
    fn threads(
        host: &Runtime,
        guests: &Runtime,
        quota: &Arc<ComponentQuota>,
        computes: Duration,
    ) -> [String; 2] {
        let (sender, threads) = oneshot::channel();
        let (noted, until_noted) = oneshot::channel();
        let name = || thread::current().name().unwrap_or_default().to_owned();
        host.block_on(async {
            let guests = guests.handle().clone();
            let quota = quota.clone();
            tokio::spawn(async move {
                Placement::spawn(&quota, &guests, |placement| {
                    let run = async move {
                        let first = name();
                        placement.computed(computes);
                        tokio::task::yield_now().await;
                        sender.send([first, name()]).unwrap();
                    };
                    Noted(Box::pin(run), noted)
                });
            });
            until_noted.await.unwrap_err();
            threads.await.unwrap()
        })
    }

    #[test]
    fn a_run_that_computes_for_long_moves_and_the_next_ones_begin_there() {
        let (host, guests) = (runtime("host"), runtime("guest"));
        let quota = ComponentQuotas::new(1, EpochWaker::default()).unwrap().of("a");
        assert_eq!(threads(&host, &guests, &quota, BRIEF), ["host", "host"]);
        assert_eq!(threads(&host, &guests, &quota, BRIEF * 2), ["host", "guest"]);
        for _ in 0..ComponentQuota::REMEMBERED {
            assert_eq!(threads(&host, &guests, &quota, BRIEF), ["guest", "guest"]);
        }
        assert_eq!(threads(&host, &guests, &quota, BRIEF), ["host", "host"]);
    }
}
