//! Where everything listens.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::Context as _;

/// The addresses of a demo.
pub(crate) struct Addresses {
    pub(crate) pipeline: SocketAddr,
    pub(crate) webhook: SocketAddr,
    pub(crate) admin: SocketAddr,
    /// Any free port: nobody types it.
    pub(crate) sink: SocketAddr,
}

impl Addresses {
    /// The usual ports, so that what one has typed before works again; where one is taken, a free one.
    ///
    /// The listeners are closed on return, so another program could snatch a port before its owner binds it. That owner
    /// then ends at once with an error that says so, and the demo with it.
    pub(crate) fn choose() -> anyhow::Result<Self> {
        let listeners = [bind("pipeline", 4000)?, bind("webhook", 8710)?, bind("host", 8711)?, free()?];
        let [pipeline, webhook, admin, sink] = listeners.each_ref().map(TcpListener::local_addr);
        Ok(Self { pipeline: pipeline?, webhook: webhook?, admin: admin?, sink: sink? })
    }
}

impl Addresses {
    /// Chooses free ports, for a host whose addresses are not shown.
    pub(crate) fn free() -> anyhow::Result<Self> {
        let listeners = [free()?, free()?, free()?, free()?];
        let [pipeline, webhook, admin, sink] = listeners.each_ref().map(TcpListener::local_addr);
        Ok(Self { pipeline: pipeline?, webhook: webhook?, admin: admin?, sink: sink? })
    }
}

fn free() -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("cannot find a free port")
}

fn bind(name: &str, usual: u16) -> anyhow::Result<TcpListener> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, usual)) {
        Ok(listener) => Ok(listener),
        Err(error) => {
            let listener = free()?;
            let free = listener.local_addr()?.port();
            eprintln!("the {name} listens on port {free}, as {usual} cannot be had: {error}");
            Ok(listener)
        }
    }
}
