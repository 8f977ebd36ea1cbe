//! Recognises errors of system calls that are due to a shortage in the process or the system.

use std::io;

use rustix::io::Errno;

/// Returns the shortage of this machine that an error reports, and its fix, if it is one.
pub fn shortage(error: &io::Error) -> Option<&'static str> {
    match Errno::from_io_error(error)? {
        Errno::MFILE => {
            Some("the process has no file descriptor left; raise its limit (`ulimit -n`, `LimitNOFILE=`)")
        }
        Errno::NFILE => Some("the system has no file descriptor left (`fs.file-max`)"),
        Errno::NOMEM | Errno::NOBUFS => Some("the system has no memory left for sockets"),
        _ => None,
    }
}
