//! A client that sends JSON to one URL over pooled connections that are kept alive.

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};

/// A client that sends JSON to one URL.
#[derive(Clone)]
pub struct Sender {
    client: Client<HttpConnector, Full<Bytes>>,
    url: Uri,
}

impl Sender {
    /// Creates a client, without connections.
    pub fn new(url: Uri) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self { client: Client::builder(TokioExecutor::new()).build(connector), url }
    }

    /// Sends a body, and returns the status of the response. The body of the response is read, so that the connection is
    /// used again.
    ///
    /// # Errors
    ///
    /// If there is no complete response.
    pub async fn post(&self, body: Bytes) -> Result<StatusCode, Box<dyn std::error::Error + Send + Sync>> {
        let request = Request::post(self.url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::new(body))?;
        let response = self.client.request(request).await?;
        let status = response.status();
        response.into_body().collect().await?;
        Ok(status)
    }
}
