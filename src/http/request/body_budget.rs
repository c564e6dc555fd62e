//! A bound on the memory of all request bodies that are being received or processed.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, ErrorKind};
use crate::message;

/// Bytes of one permit: an ordinary body needs a handful.
const PERMIT_BYTES: usize = 4 << 10;

/// The bytes that request bodies may occupy together.
#[derive(Clone)]
pub struct BodyBudget(Arc<Semaphore>);

impl BodyBudget {
    /// A budget of this many bytes.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / PERMIT_BYTES)))
    }
}

/// What one body occupies.
#[derive(Default)]
struct Occupied {
    permits: Mutex<Option<OwnedSemaphorePermit>>,
    /// There was no room for the whole body.
    has_exceeded: AtomicBool,
}

impl Occupied {
    /// Reserves room for the body up to `bytes`. False where there is none.
    fn grow(&self, budget: &BodyBudget, bytes: usize) -> bool {
        let mut permits = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
        let own = permits.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = bytes.div_ceil(PERMIT_BYTES).saturating_sub(own);
        if more == 0 {
            return true;
        }
        let Ok(further) = budget.0.clone().try_acquire_many_owned(more as u32) else {
            self.has_exceeded.store(true, Ordering::Relaxed);
            return false;
        };
        match permits.as_mut() {
            Some(permits) => permits.merge(further),
            None => *permits = Some(further),
        }
        true
    }
}

/// A body that reserves room for its bytes as they arrive.
struct BudgetedBody {
    body: Body,
    received: usize,
    budget: BodyBudget,
    occupied: Arc<Occupied>,
}

impl HttpBody for BudgetedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let bytes = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        self.received += bytes;
        match self.occupied.grow(&self.budget, self.received) {
            true => Poll::Ready(frame),
            false => Poll::Ready(Some(Err(axum::Error::new(io::Error::other("no room"))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Lets a request pass whose body finds room. The room is free again once the response has been
/// computed. A body without room is refused with 503 and `Retry-After`.
pub async fn within_budget(
    State(budget): State<BodyBudget>,
    request: Request,
    next: Next,
) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let occupied = Arc::new(Occupied::default());
    let request = request.map(|body| {
        Body::new(BudgetedBody { body, received: 0, budget, occupied: occupied.clone() })
    });
    let response = next.run(request).await;
    match occupied.has_exceeded.load(Ordering::Relaxed) {
        false => response,
        true => {
            let message = message!(
                "Trop de données sont reçues à la fois.",
                "Too much data is being received at once."
            );
            Error::new(ErrorKind::Unavailable, message).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_share_the_budget_and_give_it_back() {
        let budget = BodyBudget::new(4 * PERMIT_BYTES);
        let (one, other) = (Occupied::default(), Occupied::default());
        assert!(one.grow(&budget, 1) && one.grow(&budget, PERMIT_BYTES));
        assert!(one.grow(&budget, 2 * PERMIT_BYTES + 1));
        assert!(other.grow(&budget, PERMIT_BYTES));
        assert!(!other.grow(&budget, PERMIT_BYTES + 1));
        assert!(other.has_exceeded.load(Ordering::Relaxed));
        drop(one);
        assert!(other.grow(&budget, 4 * PERMIT_BYTES));
        drop(other);
        assert_eq!(budget.0.available_permits(), 4);
    }
}
