//! Where the time of an exchange went.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tower_layer::Layer;
use tower_service::Service;

tokio::task_local! {
    /// How long the exchange that goes on here took to get its connection.
    static CONNECTED: Cell<Option<Duration>>;
}

/// Does something of an exchange, and tells how long it took to get a connection for it, if it had to.
pub(super) async fn connected<T>(exchange: impl Future<Output = T>) -> (T, Option<Duration>) {
    CONNECTED.scope(Cell::new(None), async { (exchange.await, CONNECTED.with(Cell::get)) }).await
}

/// Takes the time of connectors. One that goes on although its exchange found another connection tells nobody.
#[derive(Clone)]
pub(super) struct TakeTime;

/// A connector of which that is so.
#[derive(Clone)]
pub(super) struct Timed<S>(S);

impl<S> Layer<S> for TakeTime {
    type Service = Timed<S>;

    fn layer(&self, connector: S) -> Timed<S> {
        Timed(connector)
    }
}

impl<S, R> Service<R> for Timed<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, destination: R) -> Self::Future {
        let begun = Instant::now();
        let connecting = self.0.call(destination);
        Box::pin(async move {
            let connected = connecting.await;
            let _ = CONNECTED.try_with(|took| took.set(Some(begun.elapsed())));
            connected
        })
    }
}
