//! Finds the reason why an exchange has no answer.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper_util::client::legacy;
use orbital_files::shortage::shortage;
use rustix::io::Errno;

use crate::connector::ConnectTimeout;
use crate::error::{Failure, SendError};
use crate::phases::Progress;
use crate::resolver::{LookupError, NotPublic};
use crate::routes::{NoRoute, route};
use crate::server::Server;

/// Describes a failed exchange by its innermost cause, which is the most helpful one. The error is the client's, or
/// hyper's about the body of an answer.
pub(super) fn describe(error: &(dyn Error + 'static), aim: &Aim) -> SendError {
    let is_connect = is_connect(error);
    let what = match error {
        error if is_connect && is_timeout(error) => {
            let reason = format!("no connection within `connect_timeout`, while {}", aim.progress.stage());
            return SendError::Unreachable { failure: Failure::ConnectTimeout, reason };
        }
        _ if is_connect => "cannot connect",
        error if error.is::<hyper::Error>() => "the answer broke off",
        _ => "the exchange broke off",
    };
    let causes: Vec<&(dyn Error + 'static)> = causes(error).collect();
    if let Some(error) = find::<NotPublic>(&causes) {
        return SendError::Private(error.to_string());
    }
    if let Some(problem) = causes.iter().find_map(|cause| local(*cause)) {
        return SendError::Local(format!("{what}: {problem}"));
    }
    if let (true, Some(address)) = (is_connect, aim.server.literal)
        && let Err(missing) = route(SocketAddr::new(address, 0))
    {
        return SendError::Local(format!("{what}: {missing}"));
    }
    let innermost = causes.last().map(ToString::to_string).unwrap_or_default();
    let failure = classify(&causes);
    let hint = aim.hint(failure, &causes).unwrap_or_default();
    SendError::Unreachable { failure, reason: format!("{what}: {innermost}{hint}") }
}

/// An exchange, as far as failures depend on it.
pub(super) struct Aim {
    pub(super) server: Arc<Server>,
    pub(super) progress: Progress,
}

impl Aim {
    /// Returns what to check if the scheme of the URL seems to be wrong.
    fn hint(&self, failure: Failure, causes: &[&(dyn Error + 'static)]) -> Option<String> {
        let peer = || self.server.peer.authority();
        match (self.server.is_tls, failure, find::<rustls::Error>(causes)) {
            (true, _, Some(rustls::Error::InvalidMessage(_))) => Some(format!(
                "; `{}` does not speak TLS: if it serves plain HTTP, its URL must begin with `http://`",
                peer()
            )),
            (false, Failure::Protocol, _) => Some(format!(
                "; `{}` does not speak plain HTTP: if it serves HTTPS, its URL must begin with `https://`",
                peer()
            )),
            _ => None,
        }
    }
}

/// Returns whether no connection was made.
fn is_connect(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(|cause| cause.downcast_ref().is_some_and(legacy::Error::is_connect))
}

/// Returns whether something took too long: a connection altogether, or one of the addresses of its host.
fn is_timeout(error: &(dyn Error + 'static)) -> bool {
    sources(error).any(|cause| {
        let system = cause.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::TimedOut);
        system || cause.is::<ConnectTimeout>() || cause.downcast_ref().is_some_and(hyper::Error::is_timeout)
    })
}

fn classify(causes: &[&(dyn Error + 'static)]) -> Failure {
    if find::<LookupError>(causes).is_some() {
        return Failure::Dns;
    }
    if let Some(error) = find::<rustls::Error>(causes) {
        return match error {
            rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
                Failure::Certificate
            }
            _ => Failure::Tls,
        };
    }
    match find::<io::Error>(causes).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => Failure::Refused,
        Some(io::ErrorKind::TimedOut) => Failure::ConnectTimeout,
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => Failure::Unroutable,
        Some(
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof,
        ) => Failure::Ended,
        _ => match find::<hyper::Error>(causes) {
            Some(error) if error.is_incomplete_message() || error.is_closed() => Failure::Ended,
            Some(error) if error.is_parse() => Failure::Protocol,
            _ => Failure::Other,
        },
    }
}

/// Returns the problem of this machine behind an error, and its fix. `ENETUNREACH` and `EHOSTUNREACH`
/// alone are not such problems: they may come from a router on the way, or from an address of the same
/// network that does not answer.
fn local(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(missing) = error.downcast_ref::<NoRoute>() {
        return Some(missing.to_string());
    }
    let error = error.downcast_ref::<io::Error>()?;
    if let Some(shortage) = shortage(error) {
        return Some(shortage.to_owned());
    }
    let problem = match Errno::from_io_error(error)? {
        Errno::ADDRNOTAVAIL => {
            "the system has no local port or address left for it; look for a program with very many connections \
             (`ss -s`), or widen `net.ipv4.ip_local_port_range`"
        }
        Errno::NETDOWN => "a network interface of this machine is down",
        Errno::ACCESS | Errno::PERM => {
            "this machine forbids it; check its firewall, routes and security policies (such as SELinux)"
        }
        _ => return None,
    };
    Some(problem.to_owned())
}

fn find<'a, E: Error + 'static>(causes: &[&'a (dyn Error + 'static)]) -> Option<&'a E> {
    causes.iter().find_map(|cause| cause.downcast_ref())
}

/// Returns an error and its causes, as the errors themselves name them.
fn sources<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// Returns an error and its causes, beginning with the outermost. This includes the error within an I/O error, which
/// [`Error::source`] leaves out.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.map(|inner| inner as &(dyn Error + 'static)).or_else(|| error.source())
    })
}

#[cfg(test)]
mod tests {
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn a_problem_of_this_machine_is_found_within_any_error() {
        for (errno, text) in [
            (Errno::MFILE, "`ulimit -n`"),
            (Errno::NFILE, "`fs.file-max`"),
            (Errno::NOBUFS, "no memory left"),
            (Errno::ADDRNOTAVAIL, "no local port"),
            (Errno::NETDOWN, "interface of this machine is down"),
            (Errno::ACCESS, "forbids it"),
            (Errno::PERM, "forbids it"),
        ] {
            let error = io::Error::other(io::Error::from(errno));
            let found: Vec<_> = causes(&error).filter_map(local).collect();
            assert!(found.len() == 1 && found[0].contains(text), "{errno}: {found:?}");
        }
        for errno in [Errno::CONNREFUSED, Errno::NETUNREACH, Errno::HOSTUNREACH, Errno::TIMEDOUT] {
            assert_eq!(causes(&io::Error::from(errno)).find_map(local), None, "{errno}");
        }
    }

    #[test]
    fn a_cause_within_an_error_of_input_and_output_is_found() {
        let error = io::Error::other(rustls::Error::NoCertificatesPresented);
        let causes: Vec<_> = causes(&error).collect();
        assert!(find::<rustls::Error>(&causes).is_some());
    }
}
