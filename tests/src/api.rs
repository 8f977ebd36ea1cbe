//! The system under test, played by a test.

use std::sync::Mutex;

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::PATIENCE;

/// Serves these routes on a port of their own, for as long as the test lasts; gives the URL.
pub async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

/// A server whose every request waits until the test answers it.
pub struct Api {
    /// Its URL.
    pub url: String,
    calls: mpsc::UnboundedReceiver<Call>,
}

/// A request that has not been answered.
#[derive(Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: Uri,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Bytes,
    answer: Mutex<Option<oneshot::Sender<Response>>>,
}

impl Api {
    /// Starts it.
    pub async fn start() -> Self {
        let (sender, calls) = mpsc::unbounded_channel();
        let receive = async move |request: Request| {
            let (parts, body) = request.into_parts();
            let Ok(body) = to_bytes(body, usize::MAX).await else {
                return StatusCode::BAD_REQUEST.into_response();
            };
            let (answer, answered) = oneshot::channel();
            let (method, uri, headers) = (parts.method, parts.uri, parts.headers);
            let _ = sender.send(Call { method, uri, headers, body, answer: Mutex::new(Some(answer)) });
            // A test that has seen enough drops what still comes.
            answered.await.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
        };
        Self { url: serve(Router::new().fallback(receive)).await, calls }
    }

    /// The next request.
    pub async fn next(&mut self) -> Call {
        let call = tokio::time::timeout(PATIENCE, self.calls.recv()).await;
        call.expect("no request came").expect("the server ended")
    }

    /// The requests that are here already.
    pub fn waiting(&mut self) -> Vec<Call> {
        std::iter::from_fn(|| self.calls.try_recv().ok()).collect()
    }

    /// The next request, which must be to this path.
    pub async fn next_to(&mut self, path: &str) -> Call {
        let call = self.next().await;
        assert_eq!(call.uri.path(), path, "{call:?}");
        call
    }
}

impl Call {
    /// Answers it, the first time. Nothing happens if nobody waits for the answer any more.
    pub fn answer(&self, response: impl IntoResponse) {
        if let Some(answer) = self.answer.lock().unwrap().take() {
            let _ = answer.send(response.into_response());
        }
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The text of a header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }
}
