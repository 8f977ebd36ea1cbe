//! Checks whether this machine can send to an address at all, without sending anything.
//!
//! A failed connection does not show whether this machine has no route, or a router on the way. The former is a
//! problem of this machine, the latter may be an outage of the system under test.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;

use rustix::io::Errno;

use crate::dns::{Resolve, Resolving};

/// An arbitrary port: the route does not depend on it.
const PORT: u16 = 9;

/// An error: this machine cannot send to an address.
#[derive(Debug, thiserror::Error)]
#[error(
    "this machine has no usable route to {address} ({source}); check its network interfaces, routes and firewall"
)]
pub(super) struct NoRoute {
    address: IpAddr,
    source: io::Error,
}

/// A resolver that leaves out the addresses of another one to which this machine has no route. Otherwise the last
/// address that was tried would determine the failure, even on a machine without IPv6 and for a system that refuses
/// connections over IPv4.
pub(super) struct Routed(pub(super) Arc<dyn Resolve>);

impl Resolve for Routed {
    fn resolve(&self, name: &str) -> Resolving {
        let finding = self.0.resolve(name);
        Box::pin(async move {
            let (mut routed, mut missing) = (Vec::new(), None);
            for found in finding.await? {
                match route(found) {
                    Ok(()) => routed.push(found),
                    Err(error) => missing = missing.or(Some(error)),
                }
            }
            match missing {
                Some(missing) if routed.is_empty() => Err(missing.into()),
                _ => Ok(routed),
            }
        })
    }
}

/// Checks that this machine has a route to an address. Connecting a UDP socket needs a route and sends nothing, so
/// the answer depends on this machine alone.
///
/// # Errors
/// The machine has no route, or one that forbids sending. Other errors, such as a lack of descriptors, do not count.
pub(super) fn route(mut to: SocketAddr) -> Result<(), NoRoute> {
    let from: IpAddr = match to {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    to.set_port(PORT);
    match UdpSocket::bind((from, 0)).and_then(|socket| socket.connect(to)) {
        Err(source) if Errno::from_io_error(&source).is_some_and(is_about_routes) => {
            Err(NoRoute { address: to.ip(), source })
        }
        _ => Ok(()),
    }
}

/// Checks that this machine has a route to one of the DNS servers that are named in a text like `/etc/resolv.conf`.
///
/// # Errors
/// The machine has no route to any of them. A text that names no server never causes an error.
pub(super) fn route_to_servers(resolv_conf: &str) -> Result<(), NoRoute> {
    let servers = resolv_conf.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let address = words.next().filter(|word| *word == "nameserver").and_then(|_| words.next())?;
        Some(address.parse::<IpAddr>())
    });
    let mut missing = None;
    for server in servers {
        // An address with the name of an interface is not checked.
        let Ok(address) = server else { return Ok(()) };
        match route(SocketAddr::new(address, PORT)) {
            Ok(()) => return Ok(()),
            Err(error) => missing = missing.or(Some(error)),
        }
    }
    missing.map_or(Ok(()), Err)
}

fn is_about_routes(errno: Errno) -> bool {
    matches!(
        errno,
        Errno::NETUNREACH
            | Errno::HOSTUNREACH
            | Errno::NETDOWN
            | Errno::ACCESS
            | Errno::PERM
            | Errno::ADDRNOTAVAIL
            | Errno::AFNOSUPPORT
            | Errno::INVAL
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The broadcast address, to which no machine sends unless a program explicitly asks for it.
    const FORBIDDEN: &str = "255.255.255.255";

    /// A resolver that finds these addresses.
    struct Fixed(&'static [&'static str]);

    impl Resolve for Fixed {
        fn resolve(&self, _: &str) -> Resolving {
            let found = self.0.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
            Box::pin(async move { Ok(found) })
        }
    }

    #[tokio::test]
    async fn an_address_without_a_route_is_left_out_unless_there_is_no_other() {
        let resolve = async |found| {
            let found = Routed(Arc::new(Fixed(found))).resolve("api.example").await;
            found.map(|found| found.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>())
        };
        assert_eq!(resolve(&["127.0.0.1", FORBIDDEN]).await.unwrap(), ["127.0.0.1"]);
        assert_eq!(resolve(&[FORBIDDEN, "127.0.0.1"]).await.unwrap(), ["127.0.0.1"]);
        assert!(resolve(&[FORBIDDEN]).await.unwrap_err().is::<NoRoute>());
        assert_eq!(resolve(&[]).await.unwrap(), Vec::<String>::new());
    }

    #[test]
    fn lookups_are_impossible_only_without_a_route_to_any_server() {
        let servers = |text: &str| route_to_servers(text).is_ok();
        assert!(!servers(&format!("# none\nnameserver {FORBIDDEN}\n")));
        assert!(servers(&format!("nameserver {FORBIDDEN}\nnameserver 127.0.0.53\n")));
        assert!(servers(&format!("nameserver {FORBIDDEN}\nnameserver fe80::1%eth0\n")));
        assert!(servers("options edns0\nsearch example.com\n"));
    }
}
