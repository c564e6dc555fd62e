//! A body that may be polled again after its end.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::HttpBody;
use hyper::body::Frame;

/// A body whose end stays its end. The compression of responses polls a body again after its end,
/// where the channel of `http_body_util` panics.
pub struct Fused<B>(Option<B>);

impl<B> Fused<B> {
    /// A body that has not ended.
    pub fn new(body: B) -> Self {
        Self(Some(body))
    }
}

impl<B: HttpBody + Unpin> HttpBody for Fused<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let Some(body) = &mut self.0 else { return Poll::Ready(None) };
        let frame = ready!(Pin::new(body).poll_frame(context));
        if frame.is_none() {
            self.0 = None;
        }
        Poll::Ready(frame)
    }
}
