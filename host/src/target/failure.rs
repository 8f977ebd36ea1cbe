//! The reason why an exchange has no answer.

use std::error::Error;
use std::io;

use super::request::SendError;
use super::resolver::{LookupError, NotPublic};
use crate::descriptors;

/// What kept an exchange from its answer, as far as the host can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The host's name has no address.
    Dns,
    /// Nothing listens there.
    Refused,
    /// No connection in time.
    ConnectTimeout,
    /// There is no way to the address.
    Unroutable,
    /// The certificate is not one to trust.
    Certificate,
    /// TLS, for another reason.
    Tls,
    /// The connection ended before the whole answer had come.
    Ended,
    /// The answer is not HTTP.
    Protocol,
    /// Anything else.
    Other,
}

/// Describes a failed exchange by its innermost cause, which is the one that helps. Never with the URL, which may hold a
/// secret.
pub(super) fn describe(error: reqwest::Error) -> SendError {
    let error = error.without_url();
    let what = match &error {
        error if error.is_connect() && error.is_timeout() => "no connection within `connect_timeout`",
        error if error.is_connect() => "cannot connect",
        error if error.is_body() || error.is_decode() => "the answer broke off",
        _ => "the exchange broke off",
    };
    let causes: Vec<&(dyn Error + 'static)> = causes(&error).collect();
    if let Some(error) = find::<NotPublic>(&causes) {
        return SendError::Private(error.to_string());
    }
    if let Some(shortage) = causes.iter().find_map(|cause| shortage(*cause)) {
        return SendError::Shortage(format!("{what}: {shortage}"));
    }
    let innermost = causes.last().map(ToString::to_string).unwrap_or_default();
    SendError::Unreachable { failure: classify(&error, &causes), reason: format!("{what}: {innermost}") }
}

fn classify(error: &reqwest::Error, causes: &[&(dyn Error + 'static)]) -> Failure {
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
    if error.is_connect() && error.is_timeout() {
        return Failure::ConnectTimeout;
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

/// The host's own lack of something without which no socket can be opened.
fn shortage(error: &(dyn Error + 'static)) -> Option<String> {
    error.downcast_ref().and_then(descriptors::lack).map(str::to_owned)
}

fn find<'a, E: Error + 'static>(causes: &[&'a (dyn Error + 'static)]) -> Option<&'a E> {
    causes.iter().find_map(|cause| cause.downcast_ref())
}

/// An error and its causes, the outermost first. The error within one of input and output is a cause, too, which
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
    fn a_shortage_is_found_within_any_error() {
        let error = io::Error::other(io::Error::from(Errno::MFILE));
        let found: Vec<_> = causes(&error).filter_map(shortage).collect();
        assert!(found.len() == 1 && found[0].contains("file descriptor"), "{found:?}");
        assert_eq!(causes(&io::Error::from(Errno::CONNREFUSED)).find_map(shortage), None);
    }

    #[test]
    fn a_cause_within_an_error_of_input_and_output_is_found() {
        let error = io::Error::other(rustls::Error::NoCertificatesPresented);
        let causes: Vec<_> = causes(&error).collect();
        assert!(find::<rustls::Error>(&causes).is_some());
    }
}
