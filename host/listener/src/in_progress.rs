//! Requests in progress: from their head to the end of their answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use http_body::{Body as _, Frame};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use crate::progress::Progress;

/// An extension of an answer: its body continues for at most this time, in which its connection is not idle.
#[derive(Debug, Clone, Copy)]
pub struct GoesOn(pub Duration);

/// Counts a request of a connection as long as it is in progress.
pub(super) struct InProgress(Arc<Progress>);

impl InProgress {
    /// Begins to count a request. Returns it, with a body that is watched.
    pub(super) fn begin(progress: &Arc<Progress>, mut request: Request<Incoming>) -> (Request, Self) {
        if let Some(order) = progress.begin(&request) {
            request.extensions_mut().insert(order);
        }
        let in_progress = Self(progress.clone());
        let request = match request.body().size_hint().exact() {
            Some(_) => request.map(Body::new),
            None => request.map(|body| Body::new(Watched { body, progress: progress.clone() })),
        };
        (request, in_progress)
    }

    /// Ends the count of the request here, or when the body of the answer has ended, if it has the extension
    /// [`GoesOn`].
    pub(super) fn last(self, answer: Response) -> Response {
        let Some(GoesOn(limit)) = answer.extensions().get::<GoesOn>().copied() else { return answer };
        let ended = CancellationToken::new();
        let end = ended.clone().drop_guard();
        tokio::spawn(async move {
            let _ = tokio::time::timeout(limit, ended.cancelled()).await;
            drop(self);
        });
        answer.map(|body| {
            Body::new(body.map_frame(move |frame| {
                let _until_dropped = &end;
                frame
            }))
        })
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A body of unknown length that reports its end to the progress of its connection.
struct Watched {
    body: Incoming,
    progress: Arc<Progress>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() {
            self.progress.body_ended();
        }
        Poll::Ready(frame)
    }
}
