//! `bench-endpoint`: reads the body of each request, and answers 200.

use std::{io, net::SocketAddr};

use clap::Parser;
use http::StatusCode;
use orbital_bench::server;

#[derive(Parser)]
struct Arguments {
    /// The address to listen on
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,
}

// One thread, which costs less than several at each rate that one thread can serve.
#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let Arguments { listen } = Arguments::parse();
    server::serve(listen, async |request| {
        server::read(request).await;
        server::empty(StatusCode::OK)
    })
    .await
}
