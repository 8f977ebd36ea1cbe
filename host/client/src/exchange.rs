//! Sends a request and reads its answer.

use std::error::Error;

use bytes::{Bytes, BytesMut};
use http::uri::Scheme;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper_util::client::legacy;
use orbital_model::Phases;
use tokio::time::Instant;

use crate::connections::Http;
use crate::error::SendError;
use crate::failure::{Aim, describe};
use crate::phases::connected;
use crate::request::Receipt;

/// How often a request is sent again that the server declined to handle.
const MOST_REPEATS: usize = 2;

/// The most memory that is reserved for the body of an answer before it arrives.
const MOST_RESERVED: usize = 64 << 10;

type Request = http::Request<Full<Bytes>>;

pub(super) async fn exchange(
    http: &Http,
    request: Request,
    aim: &Aim,
    max_response: usize,
) -> Result<Receipt, SendError> {
    let started = Instant::now();
    let answering = answer(http, request);
    let (answer, connect) = connected(aim.server.peer.clone(), aim.progress.clone(), answering).await;
    let (head, body) = answer.map_err(|error| describe(&error, aim))?.into_parts();
    let answered = started.elapsed();
    let body = read(body, aim, max_response).await?;
    let latency = started.elapsed();
    Ok(Receipt {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
        latency,
        phases: Phases {
            connect,
            wait: answered.saturating_sub(connect.unwrap_or_default()),
            read: latency - answered,
        },
    })
}

/// Sends a request, again if the server declined to handle it. Only HTTP/2 has a way to say so, and only with TLS do
/// both ends agree on HTTP/2.
async fn answer(http: &Http, mut request: Request) -> Result<http::Response<Incoming>, legacy::Error> {
    if request.uri().scheme() == Some(&Scheme::HTTPS) {
        for _ in 0..MOST_REPEATS {
            let again = request.clone();
            match http.request(request).await {
                Err(error) if is_declined(&error) => request = again,
                result => return result,
            }
        }
    }
    http.request(request).await
}

/// Returns whether the server said that it has not begun to handle the request, which makes it safe to send it again.
fn is_declined(error: &legacy::Error) -> bool {
    let cause = error.source().and_then(Error::source).and_then(|cause| cause.downcast_ref::<h2::Error>());
    cause.is_some_and(|error| {
        // The connection is being closed without an error, or this stream was refused.
        let is_closed = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
        let is_refused = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
        error.is_remote() && (is_closed || is_refused)
    })
}

/// Reads a body up to a limit.
async fn read(mut body: Incoming, aim: &Aim, most: usize) -> Result<Bytes, SendError> {
    let expected = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut whole = BytesMut::with_capacity(expected.min(most).min(MOST_RESERVED));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| describe(&error, aim))?;
        // Other frames have trailers.
        let Ok(chunk) = frame.into_data() else { continue };
        if whole.len() + chunk.len() > most {
            return Err(SendError::TooLarge(most));
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::time::Duration;

    use http::Version;
    use rustls::{ClientConfig, RootCertStore, ServerConfig};
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;
    use crate::connections::{Connections, Recipe};
    use crate::dns::{Resolve, Resolving};

    /// A resolver that finds each host on this machine.
    struct Here;

    impl Resolve for Here {
        fn resolve(&self, _: &str) -> Resolving {
            Box::pin(async { Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))]) })
        }
    }

    /// Returns the settings of TLS for a server at `localhost`, and for a client that trusts it.
    fn tls() -> (ServerConfig, ClientConfig) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = made.signing_key.serialize_der().try_into().unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let server =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
        let server = server.unwrap().with_no_client_auth();
        let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let client = client.unwrap().with_root_certificates(roots).with_no_client_auth();
        (server.with_single_cert(vec![made.cert.der().clone()], key).unwrap(), client)
    }

    /// Sends a request to a server with HTTP/2 that ends so many streams for this reason, and then answers.
    async fn answered_after(
        ends: usize,
        reason: h2::Reason,
    ) -> Result<http::Response<Incoming>, legacy::Error> {
        let (mut server, mut client) = tls();
        server.alpn_protocols = vec![b"h2".to_vec()];
        client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            let stream = TlsAcceptor::from(Arc::new(server)).accept(socket).await.unwrap();
            let mut connection = h2::server::handshake(stream).await.unwrap();
            let mut seen = 0;
            while let Some(Ok((_, mut respond))) = connection.accept().await {
                if seen < ends {
                    respond.send_reset(reason);
                } else {
                    respond.send_response(http::Response::new(()), true).unwrap();
                }
                seen += 1;
            }
        });
        let minute = Duration::from_secs(60);
        let (resolver, tls) = (Arc::new(Here), Arc::new(client));
        let connections =
            Connections::new(Recipe { connect_timeout: minute, max_age: minute, resolver, tls });
        let request = http::Request::post(format!("https://localhost:{port}/")).body(Full::default());
        let answer = answer(&connections.http(), request.unwrap()).await;
        serving.abort();
        answer
    }

    #[tokio::test]
    async fn a_request_is_sent_again_only_if_the_server_declined_to_handle_it() {
        let answer = answered_after(MOST_REPEATS, h2::Reason::REFUSED_STREAM).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
        assert!(answered_after(MOST_REPEATS + 1, h2::Reason::REFUSED_STREAM).await.is_err());
        assert!(answered_after(1, h2::Reason::INTERNAL_ERROR).await.is_err());
    }
}
