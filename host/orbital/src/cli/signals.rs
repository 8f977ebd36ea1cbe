//! Signals that ask the process to stop.

use anyhow::Context as _;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// A listener for SIGTERM and SIGINT.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Starts to handle the signals. After this, no signal is lost, and none ends the process by itself.
    pub(super) fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    /// Ignores signals that would end the process although it has no use for them, such as SIGUSR1 from a log rotation.
    /// SIGHUP is among them until the configuration can be reloaded.
    pub(super) fn ignore_others() -> anyhow::Result<()> {
        let kinds = [
            SignalKind::user_defined1(),
            SignalKind::user_defined2(),
            SignalKind::alarm(),
            SignalKind::io(),
            SignalKind::hangup(),
        ];
        // The signal handler outlives the stream.
        kinds.into_iter().try_for_each(|kind| signal(kind).map(drop)).context("cannot listen for signals")
    }

    /// Waits for the next signal.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
