//! Finds hosts that a test chose, at public addresses only.
//!
//! The addresses that were checked are those that are connected to, so a name cannot change its meaning between the
//! check and the use. A connection that is kept was checked when it was made.

use std::fs::File;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use orbital_files::file;
use url::Url;

use crate::dns::{BoxError, Resolve, Resolving};
use crate::lookups::Lookups;
use crate::phases::resolving;
use crate::public::is_public;
use crate::routes::{NoRoute, route_to_servers};

/// How long the lookup of one name may take, including the wait for a place. The lookup itself cannot be cancelled,
/// and keeps its place.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The file that names the DNS servers.
const RESOLV_CONF: &str = "/etc/resolv.conf";

const NO_ANSWER: &str = "the name could not be looked up within 10s: its DNS server may not answer";

/// The system's resolver.
#[derive(Clone, Default)]
pub(super) struct SystemResolver(Arc<Lookups>);

/// A resolver that returns only the public ones of the addresses that another resolver finds.
pub(super) struct PublicOnly<R>(pub(super) R);

/// An error: a name has no address, or the system could not find out.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(super) struct LookupError(io::Error);

/// An error: a host has no public address.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{host}` is at {address}, which is no public address; if tests are to reach it, set `private_hosts = true` beside the \
     `hosts` that grant it"
)]
pub(super) struct NotPublic {
    host: String,
    address: IpAddr,
}

/// Checks the host of a URL, if it is an address. Addresses are not resolved, so the resolver does not check them.
pub(super) fn check_literal(url: &Url) -> Result<(), NotPublic> {
    match literal(url) {
        Some(address) if !is_public(address) => {
            Err(NotPublic { host: url.host_str().unwrap_or_default().to_owned(), address })
        }
        _ => Ok(()),
    }
}

/// Returns the address that a URL has instead of a name. In a parsed URL, each address has only one
/// form, however it was written.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    url.host_str()?.trim_matches(['[', ']']).parse().ok()
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: &str) -> Resolving {
        let (lookups, name) = (self.0.clone(), name.to_owned());
        let finding = async move {
            let turn = lookups.turn().await?;
            let look = move || {
                // The turn ends with the lookup, even if nothing waits for it any more. The caller sets the port.
                let found = (name.as_str(), 0).to_socket_addrs().map(Iterator::collect);
                drop(turn);
                found.map_err(|error| match (descriptors(), servers()) {
                    (Err(shortage), _) => BoxError::from(shortage),
                    (_, Err(missing)) => missing.into(),
                    _ => LookupError(error).into(),
                })
            };
            tokio::task::spawn_blocking(look).await?
        };
        Box::pin(async move {
            let in_time = tokio::time::timeout(TIMEOUT, resolving(finding)).await;
            in_time.unwrap_or_else(|_| Err(LookupError(io::Error::other(NO_ANSWER)).into()))
        })
    }
}

/// Opens as many files as a lookup needs. Without descriptors, the system only says that it does not know a name.
fn descriptors() -> io::Result<()> {
    let null = || File::open("/dev/null");
    let _held: [File; 4] = [null()?, null()?, null()?, null()?];
    Ok(())
}

/// Checks that this machine can ask a DNS server. Without a route to one, the system only says that the name could
/// not be looked up for the moment, as for a zone whose servers are down.
fn servers() -> Result<(), NoRoute> {
    file::read_text(Path::new(RESOLV_CONF), file::MAX_SMALL).map_or(Ok(()), |text| route_to_servers(&text))
}

impl<R: Resolve> Resolve for PublicOnly<R> {
    fn resolve(&self, name: &str) -> Resolving {
        let (host, finding) = (name.to_owned(), self.0.resolve(name));
        Box::pin(async move {
            let found = finding.await?.into_iter();
            let (public, other): (Vec<_>, Vec<_>) = found.partition(|found| is_public(found.ip()));
            match (public.is_empty(), other.first()) {
                (true, Some(other)) => Err(NotPublic { host, address: other.ip() }.into()),
                _ => Ok(public),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Mutex;

    use super::*;

    /// A resolver with different answers each time.
    struct Changing(Mutex<Vec<&'static [&'static str]>>);

    impl Resolve for Changing {
        fn resolve(&self, _: &str) -> Resolving {
            let found = self.0.lock().unwrap().remove(0);
            let found = found.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
            Box::pin(async move { Ok(found) })
        }
    }

    #[tokio::test]
    async fn every_address_is_looked_at_each_time() {
        let changing: Vec<&[&str]> = vec![
            &["1.1.1.1"],
            &["127.0.0.1"],
            &["10.0.0.1", "1.1.1.1", "::ffff:10.0.0.1", "2606:4700::1"],
            &[],
        ];
        let resolver = PublicOnly(Changing(Mutex::new(changing)));
        let resolve = async || {
            let found = resolver.resolve("rebound.example").await;
            found.map(|found| found.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>())
        };
        assert_eq!(resolve().await.unwrap(), ["1.1.1.1"]);
        let error = resolve().await.unwrap_err();
        assert!(error.is::<NotPublic>());
        let error = error.to_string();
        for part in ["`rebound.example` is at 127.0.0.1", "`private_hosts = true`"] {
            assert!(error.contains(part), "{error}");
        }
        assert_eq!(resolve().await.unwrap(), ["1.1.1.1", "2606:4700::1"]);
        assert_eq!(resolve().await.unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_address_is_one_however_it_is_written() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.1",
            "0177.0.0.1",
            "127.0.0.1.",
            "0",
            "169.254.169.254",
            "0xa9fea9fe",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::a00:1]",
            "１２７.0.0.1",
        ] {
            let url = Url::parse(&format!("http://{host}/")).unwrap();
            assert!(check_literal(&url).is_err(), "{host}");
        }
        for host in ["1.1.1.1", "[2606:4700::1]", "localhost", "example.com"] {
            assert!(check_literal(&Url::parse(&format!("http://{host}/")).unwrap()).is_ok(), "{host}");
        }
    }
}
