//! The server of each program: plain HTTP/1.1, until a signal.

use std::{convert::Infallible, future::Future, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::sleep,
};

/// How long to wait after a failure to accept a connection.
const LACK: Duration = Duration::from_millis(10);

/// A response with a complete body.
pub type Answer = Response<Full<Bytes>>;

/// Serves until SIGTERM or SIGINT. Prints the address when connections are accepted.
///
/// # Errors
///
/// If the address cannot be listened on, or signals cannot be caught.
pub async fn serve<H, F>(listen: SocketAddr, handle: H) -> io::Result<()>
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(listen).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            // Its clients opened more connections than this process may have: it takes the others when some are closed.
            Err(error) => {
                eprintln!("cannot accept a connection: {error}");
                sleep(LACK).await;
                continue;
            }
        };
        if stream.set_nodelay(true).is_err() {
            // The client is gone.
            continue;
        }
        let handle = handle.clone();
        let service = service_fn(move |request| {
            let answer = handle(request);
            async { Ok::<_, Infallible>(answer.await) }
        });
        // A connection that breaks is the business of its client, which counts errors.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Reads the body of a request. It is empty if the connection breaks.
pub async fn read(request: Request<Incoming>) -> Bytes {
    request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default()
}

/// Returns a response without a body.
pub fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}

/// Returns a response with this JSON.
pub fn json(value: &Value) -> Answer {
    Response::new(Full::from(value.to_string()))
}
