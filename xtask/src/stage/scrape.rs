//! Asks the host and the pipeline, by an HTTP client of a few lines.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context as _, ensure};

/// How long a host may take to answer, even on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// Reads a path of a host.
pub(crate) fn get(host: SocketAddr, path: &str) -> anyhow::Result<String> {
    ask(host, &format!("GET {path}"), "").with_context(|| format!("cannot read http://{host}{path}"))
}

/// Sends a request and returns the response. With HTTP/1.0, it is not chunked, and ends with the connection.
pub(crate) fn ask(host: SocketAddr, request: &str, body: &str) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&host, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    // In one piece: to write it bit by bit is to send a packet for each.
    let length = body.len();
    let request = format!(
        "{request} HTTP/1.0\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer is no HTTP")?;
    let status = head.lines().next().unwrap_or_default();
    let is_success = status.split(' ').nth(1).is_some_and(|code| code.starts_with('2'));
    ensure!(is_success, "it answers `{status}`");
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use std::{net::TcpListener, thread};

    use super::*;

    fn answered(answer: &'static str) -> anyhow::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            let length = stream.read(&mut request).unwrap();
            assert!(request[..length].starts_with(b"GET /metrics HTTP/1.0\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let result = get(host, "/metrics");
        server.join().unwrap();
        result
    }

    #[test]
    fn the_body_is_what_follows_the_head() {
        let page = answered("HTTP/1.0 200 OK\r\ncontent-type: text/plain\r\n\r\na 1\n\nb 2\n").unwrap();
        assert_eq!(page, "a 1\n\nb 2\n");
    }

    #[test]
    fn any_other_answer_is_an_error_that_names_it() {
        let error = answered("HTTP/1.1 401 Unauthorized\r\n\r\n").unwrap_err();
        assert!(format!("{error:#}").ends_with("it answers `HTTP/1.1 401 Unauthorized`"), "{error:#}");
    }
}
