//! A program that the demo started, and stops whatever happens.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use rustix::process::{Pid, Signal, kill_process_group};

/// How long a program may take to say that it is ready.
const READY: Duration = Duration::from_secs(120);

/// How long a program may take to stop; then it is killed.
const STOP: Duration = Duration::from_secs(120);

/// How long after the end of its output a program is gone.
const GONE: Duration = Duration::from_secs(10);

/// How often to look whether a program has ended.
const GLANCE: Duration = Duration::from_millis(10);

/// A running program. To drop it is to stop it.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
}

impl Process {
    /// Starts a program in a process group of its own, so that a Ctrl-C in the terminal reaches only the demo, which has
    /// things to do before its programs stop.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> anyhow::Result<Self> {
        let child = command.stdin(Stdio::null()).process_group(0).spawn();
        let program = command.get_program().display();
        Ok(Self { name, child: child.with_context(|| format!("cannot start `{program}`"))? })
    }

    /// Returns the id of the program.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until a program whose output is piped has printed its first line, and swallows what follows.
    pub(crate) fn wait_for_line(&mut self) -> anyhow::Result<String> {
        let stdout = self.child.stdout.take().context("the output is not piped")?;
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // After the first line nobody listens, but the pipe must not fill up.
                let _ = sender.send(line);
            }
        });
        match lines.recv_timeout(READY) {
            Ok(line) => Ok(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                self.wait(GONE)?;
                self.expect_running()?;
                bail!("`{}` closed its output before it was ready", self.name)
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!("`{}` was not ready within {} s", self.name, READY.as_secs())
            }
        }
    }

    /// Fails if the program has ended, which it should not on its own.
    pub(crate) fn expect_running(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            Some(status) => {
                bail!("`{}` ended early with {status}; its last lines above may say why", self.name)
            }
            None => Ok(()),
        }
    }

    /// Returns how the program ended; nothing while it runs.
    pub(crate) fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Asks the program and those that it started to stop, and fails if it does not do so in time and without an error.
    pub(crate) fn stop(&mut self) -> anyhow::Result<()> {
        if self.child.try_wait()?.is_none() {
            kill_process_group(Pid::from_child(&self.child), Signal::TERM)
                .with_context(|| format!("cannot stop `{}`", self.name))?;
        }
        match self.wait(STOP)? {
            Some(status) => {
                ensure!(status.success(), "`{}` did not stop cleanly: {status}", self.name);
                Ok(())
            }
            None => {
                self.child.kill()?;
                self.child.wait()?;
                bail!("`{}` did not stop within {} s and was killed", self.name, STOP.as_secs())
            }
        }
    }

    fn wait(&mut self, at_most: Duration) -> anyhow::Result<Option<ExitStatus>> {
        let end = Instant::now() + at_most;
        loop {
            match self.child.try_wait()? {
                None if Instant::now() < end => thread::sleep(GLANCE),
                status => return Ok(status),
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whoever did not stop it has a worse error to report.
        let _ = self.stop();
    }
}
