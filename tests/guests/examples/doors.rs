//! Tries what a process can do and a test cannot: files, environment, arguments, sockets, names.

use std::net::{TcpListener, TcpStream, ToSocketAddrs as _, UdpSocket};

use orbital_sdk::prelude::*;

#[case(manual)]
fn tries(t: &Test) -> Result {
    let address = t.require_config("address")?;
    check_eq!(t, std::env::vars().count(), 0);
    check_eq!(t, std::env::args().count(), 0);
    for path in [".", "/", "/etc/passwd", "/proc/self/environ", "orbital.toml"] {
        check!(t, std::fs::metadata(path).is_err(), "{path}");
        check!(t, std::fs::read_dir(path).is_err(), "{path}");
        check!(t, std::fs::read(path).is_err(), "{path}");
    }
    check!(t, std::fs::write("/tmp/orbital-doors", "x").is_err());
    check!(t, std::env::current_dir().is_err() || std::fs::read_dir(std::env::current_dir()?).is_err());
    check!(t, TcpStream::connect(&address).is_err());
    check!(t, TcpListener::bind("127.0.0.1:0").is_err());
    check!(t, UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"x", &address)).is_err());
    check!(t, "localhost:80".to_socket_addrs().is_err());
    check!(t, std::process::Command::new("/bin/true").status().is_err());
    t.info("tried");
    Ok(())
}

suite!(tries);
