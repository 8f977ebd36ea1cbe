//! Signals that ask the process to stop.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGTERM and SIGINT.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// From now on they are ours: none is lost, and none ends the process by itself.
    pub(super) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Ignores signals that would end a process that has no use for them, such as SIGUSR1 from a log rotation. SIGHUP is
    /// among them until the configuration can be read again.
    pub(super) fn ignore_others() -> anyhow::Result<()> {
        let kinds = [
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
            SignalKind::alarm(),
            SignalKind::io(),
            SignalKind::hangup(),
        ];
        // The handler outlives the stream.
        kinds.into_iter().try_for_each(|kind| signal(kind).map(drop)).context("cannot listen for signals")
    }

    /// The next one.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
