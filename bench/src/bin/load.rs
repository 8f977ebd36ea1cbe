//! `bench-load`: sends requests to a webhook over connections that are kept alive, and prints what it measured as JSON.
//!
//! Each connection sends a request when it is due and the previous one is answered. HTTP is written and read by hand, so
//! that a request costs this program less than any server.

use std::{
    error::Error,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::BytesMut;
use clap::Parser;
use orbital_bench::{event, times::Times};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{Instant, sleep_until},
};

/// Size of the buffer for responses. All are smaller.
const RESPONSE_BYTES: usize = 16 << 10;

#[derive(Parser)]
struct Arguments {
    /// The address of the webhook
    #[arg(long, value_name = "ADDRESS")]
    to: SocketAddr,

    /// Number of connections
    #[arg(long, value_name = "NUMBER", default_value_t = 64)]
    connections: u32,

    /// Requests per second, of all connections; default: as many as possible
    #[arg(long, value_name = "NUMBER")]
    rate: Option<f64>,

    /// How long to send
    #[arg(long, value_name = "SECONDS")]
    seconds: f64,

    /// Keys of the deliveries: `c00`, `c01` and so on, in turns
    #[arg(long, value_name = "NUMBER", default_value_t = 64)]
    keys: u32,
}

/// Everything that the connections share.
struct Load {
    requests: Vec<Vec<u8>>,
    times: Times,
    sent: AtomicU64,
    failed: AtomicU64,
    began: Instant,
    end: Instant,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let Arguments { to, connections, rate, seconds, keys } = Arguments::parse();
    let began = Instant::now();
    let load = Arc::new(Load {
        requests: (0..keys).map(|key| request(to, &format!("c{key:02}"))).collect(),
        times: Times::default(),
        sent: AtomicU64::default(),
        failed: AtomicU64::default(),
        began,
        end: began + Duration::from_secs_f64(seconds),
    });
    let period = rate.map(|rate| Duration::from_secs_f64(f64::from(connections) / rate));
    let mut tasks = Vec::new();
    for number in 0..connections {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        let offset = period.unwrap_or_default() * number / connections;
        tasks.push(tokio::spawn(send(load.clone(), stream, number as usize, offset, period)));
    }
    for task in tasks {
        if task.await?.is_none() {
            load.failed.fetch_add(1, Ordering::Relaxed);
        }
    }
    let result = json!({
        "requests": load.sent.load(Ordering::Relaxed),
        "failed": load.failed.load(Ordering::Relaxed),
        "seconds": load.began.elapsed().as_secs_f64(),
        "duration_us": load.times.percentiles(),
    });
    println!("{result}");
    Ok(())
}

fn request(to: SocketAddr, key: &str) -> Vec<u8> {
    let body = event::event(key);
    let length = body.len();
    let head = format!(
        "POST /hooks/bench HTTP/1.1\r\nhost: {to}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), &body].concat()
}

/// Sends over one connection until the end; `None` if the connection breaks.
async fn send(
    load: Arc<Load>,
    mut stream: TcpStream,
    first: usize,
    offset: Duration,
    period: Option<Duration>,
) -> Option<()> {
    let mut buffer = BytesMut::with_capacity(RESPONSE_BYTES);
    let mut due = load.began + offset;
    for request in load.requests.iter().cycle().skip(first) {
        if let Some(period) = period {
            sleep_until(due).await;
            due += period;
        }
        let sent = Instant::now();
        if sent >= load.end {
            break;
        }
        stream.write_all(request).await.ok()?;
        buffer.clear();
        let is_success = loop {
            if stream.read_buf(&mut buffer).await.ok()? == 0 {
                return None;
            }
            if let Some(is_success) = read(&buffer) {
                break is_success;
            }
        };
        load.times.add(sent.elapsed());
        load.sent.fetch_add(1, Ordering::Relaxed);
        if !is_success {
            load.failed.fetch_add(1, Ordering::Relaxed);
        }
    }
    Some(())
}

/// Returns whether a response is 200; `None` until it is complete.
fn read(response: &[u8]) -> Option<bool> {
    let head = response.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let length = response[..head].split(|byte| *byte == b'\n').find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at(colon);
        if !name.eq_ignore_ascii_case(b"content-length") {
            return None;
        }
        std::str::from_utf8(&value[1..]).ok()?.trim().parse::<usize>().ok()
    });
    let is_complete = response.len() >= head + length.unwrap_or(0);
    is_complete.then(|| response.starts_with(b"HTTP/1.1 200"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_complete_with_the_last_byte_of_its_body() {
        let response = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nDate: now\r\n\r\nok\n";
        for length in 0..response.len() {
            assert_eq!(read(&response[..length]), None, "{length} bytes");
        }
        assert_eq!(read(response), Some(true));
        assert_eq!(read(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"), Some(false));
    }
}
