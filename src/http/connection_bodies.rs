//! The bodies of requests and responses, which tell their connection what it waits for.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};

use crate::http::connections::{Admission, Busy};

/// The body of a request. While bytes of it are waited for, the connection is idle: it makes room
/// for others like one that sends nothing.
pub struct RequestBody {
    body: Incoming,
    admission: Arc<Admission>,
    is_waiting: bool,
    has_ended: bool,
}

impl RequestBody {
    /// This body, received by an admitted connection.
    pub fn new(body: Incoming, admission: Arc<Admission>) -> Self {
        admission.begin_unfinished();
        Self { body, admission, is_waiting: false, has_ended: false }
    }
}

impl HttpBody for RequestBody {
    type Data = <Incoming as HttpBody>::Data;
    type Error = <Incoming as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let is_waiting = polled.is_pending();
        match (self.is_waiting, is_waiting) {
            (false, true) => self.admission.end_work(),
            (true, false) => self.admission.begin_work(),
            _ => {}
        }
        self.is_waiting = is_waiting;
        match polled {
            Poll::Ready(Some(Ok(_))) => self.admission.note_use(),
            Poll::Ready(None) => self.has_ended = true,
            _ => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        if self.is_waiting {
            self.admission.begin_work();
        }
        if !self.has_ended && !self.body.is_end_stream() {
            self.admission.leave_a_body();
        }
        self.admission.end_unfinished();
    }
}

/// The body of a response, during which its connection is busy.
pub struct BusyBody {
    body: Body,
    _busy: Busy,
}

impl BusyBody {
    /// This body, with the mark that is kept until it has been sent.
    pub fn new(body: Body, busy: Busy) -> Self {
        Self { body, _busy: busy }
    }
}

impl HttpBody for BusyBody {
    type Data = <Body as HttpBody>::Data;
    type Error = <Body as HttpBody>::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
