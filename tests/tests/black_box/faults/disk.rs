//! A small disk of a host's own.

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use orbital_tests::{Host, HostBuilder, missing};
use tempfile::TempDir;

/// The program that mounts the disk at `$DISK` and becomes the host.
const MOUNT: [&str; 7] = [
    "unshare",
    "--user",
    "--map-root-user",
    "--mount",
    "sh",
    "-c",
    "mount -t tmpfs -o size=600k tmpfs \"$DISK\" && exec \"$0\" \"$@\"",
];

/// A disk that only one host sees, with its history.
pub(super) struct Disk(TempDir);

impl Disk {
    /// Returns none if this machine cannot have one.
    pub(super) fn new() -> Option<Self> {
        let disk = Self(TempDir::new().unwrap());
        let mut tried = Command::new(MOUNT[0]);
        tried.args(&MOUNT[1..]).arg("true").env("DISK", disk.0.path()).stderr(Stdio::null());
        match tried.status().is_ok_and(|status| status.success()) {
            true => Some(disk),
            false => {
                missing("a disk of one's own cannot be made here (`unshare --user --map-root-user --mount`)")
            }
        }
    }

    /// Starts the host with it.
    pub(super) fn give_to(&self, host: HostBuilder) -> HostBuilder {
        let path = self.0.path().to_str().unwrap();
        host.through(&MOUNT).env("DISK", path).sections(&format!("[history]\npath = \"{path}/history.db\""))
    }

    /// Leaves no room on it.
    pub(super) fn fill(&self, host: &Host) {
        let mut filler = File::create(self.filler(host)).unwrap();
        // Until there is an error, which says that it is full.
        while filler.write_all(&[0; 512]).is_ok() {}
    }

    /// Makes room again.
    pub(super) fn free(&self, host: &Host) {
        std::fs::remove_file(self.filler(host)).unwrap();
    }

    /// A file on the disk, which is there for the host alone.
    fn filler(&self, host: &Host) -> PathBuf {
        format!("/proc/{}/root{}/filler", host.id(), self.0.path().display()).into()
    }
}
