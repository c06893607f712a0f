//! A request body that tells whether its reader is waiting for the client.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};

/// Tells whether a request waits for a part of its body that has not arrived. Each request has it in its extensions.
#[derive(Clone, Debug, Default)]
pub struct BodyWait(Arc<AtomicBool>);

impl BodyWait {
    /// Whether the request waits for its client.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Records whether it does.
    pub(super) fn set(&self, waiting: bool) {
        self.0.store(waiting, Ordering::Relaxed);
    }
}

/// Lets `wait` follow the body of a request.
pub(super) fn watched(mut request: Request<Incoming>, wait: &BodyWait) -> Request<Body> {
    request.extensions_mut().insert(wait.clone());
    request.map(|body| match body.is_end_stream() {
        true => Body::empty(),
        false => Body::new(Watched { body, wait: wait.clone() }),
    })
}

struct Watched {
    body: Incoming,
    wait: BodyWait,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        self.wait.set(frame.is_pending());
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Watched {
    /// A body that is given up is not waited for.
    fn drop(&mut self) {
        self.wait.set(false);
    }
}
