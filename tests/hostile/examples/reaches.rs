//! Reaches for what is outside: files, sockets, names, the environment, the command line. Each case passes if it gets nothing.

use std::net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};

use orbital_sdk::prelude::*;
use wasip2::sockets::instance_network::instance_network;
use wasip2::sockets::ip_name_lookup::resolve_addresses;
use wasip2::sockets::network::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress};
use wasip2::sockets::tcp_create_socket::create_tcp_socket;
use wasip2::sockets::udp_create_socket::create_udp_socket;

fn refused<T, E: std::fmt::Display>(t: &Test, what: &str, answer: std::result::Result<T, E>) {
    match answer {
        Ok(_) => t.fail(format!("it got {what}")),
        Err(error) => t.info(format!("{what}: {error}")),
    }
}

#[case(manual)]
fn files(t: &Test) -> Result {
    for path in ["/", ".", "..", "/etc/passwd", "/proc/self/environ", "orbital.toml", "/dev/null"] {
        refused(t, path, std::fs::read(path));
        refused(t, path, std::fs::read_dir(path));
        refused(t, path, std::fs::metadata(path));
    }
    refused(t, "a new file", std::fs::write("/tmp/orbital-was-here", "x"));
    refused(t, "a new directory", std::fs::create_dir("/tmp/orbital-was-here"));
    let opened = wasip2::filesystem::preopens::get_directories();
    check_eq!(t, opened.len(), 0);
    Ok(())
}

#[case(manual)]
fn sockets(t: &Test) -> Result {
    let port = t.require_config("port")?.parse::<u16>()?;
    refused(t, "a connection to the host", TcpStream::connect((Ipv4Addr::LOCALHOST, port)));
    refused(t, "a listener", TcpListener::bind((Ipv4Addr::LOCALHOST, 0)));
    refused(t, "a UDP socket", UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)));
    refused(t, "an address", ("localhost", port).to_socket_addrs());
    Ok(())
}

/// Opens sockets with WASI, without a library.
#[case(manual)]
fn sockets_of_wasi(t: &Test) -> Result {
    let port = t.require_config("port")?.parse::<u16>()?;
    let network = instance_network();
    let to = |port| IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address: (127, 0, 0, 1) });
    if let Ok(socket) = create_tcp_socket(IpAddressFamily::Ipv4) {
        let connected = socket.start_connect(&network, to(port)).and_then(|()| {
            socket.subscribe().block();
            socket.finish_connect()
        });
        refused(t, "a connection to the host", connected);
    }
    if let Ok(socket) = create_tcp_socket(IpAddressFamily::Ipv4) {
        let bound = socket.start_bind(&network, to(0)).and_then(|()| socket.finish_bind());
        refused(t, "a listener", bound);
    }
    if let Ok(socket) = create_udp_socket(IpAddressFamily::Ipv4) {
        let bound = socket.start_bind(&network, to(0)).and_then(|()| socket.finish_bind());
        refused(t, "a UDP socket", bound);
    }
    let resolved = resolve_addresses(&network, "localhost").and_then(|stream| {
        stream.subscribe().block();
        stream.resolve_next_address()
    });
    refused(t, "an address", resolved);
    Ok(())
}

#[case(manual)]
fn environment(t: &Test) -> Result {
    check_eq!(t, std::env::vars().count(), 0);
    check_eq!(t, wasip2::cli::environment::get_environment().len(), 0);
    check_eq!(t, std::env::args().count(), 0);
    check_eq!(t, wasip2::cli::environment::get_arguments().len(), 0);
    check!(t, wasip2::cli::environment::initial_cwd().is_none());
    let mut input = String::new();
    check_eq!(t, std::io::stdin().read_line(&mut input)?, 0);
    Ok(())
}

#[case(manual)]
fn exit(_: &Test) -> Result {
    std::process::exit(1)
}

/// It cannot end the host.
#[case(manual)]
fn abort(_: &Test) -> Result {
    std::process::abort()
}

suite!(files, sockets, sockets_of_wasi, environment, exit, abort);
