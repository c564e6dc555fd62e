//! Bounds on the memory of all request bodies that are being received or processed, and on the time
//! that a request takes.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, ErrorKind};
use crate::http::request::body::too_slow;
use crate::message;

/// Bytes of one permit: an ordinary body needs a handful.
const PERMIT_BYTES: usize = 4 << 10;

/// The bytes that request bodies may occupy together, and the time that each request may take.
#[derive(Clone)]
pub struct BodyBudget {
    permits: Arc<Semaphore>,
    time_max: Duration,
}

impl BodyBudget {
    /// A budget of this many bytes, and of this time for one request.
    pub fn new(bytes: usize, time_max: Duration) -> Self {
        Self { permits: Arc::new(Semaphore::new(bytes / PERMIT_BYTES)), time_max }
    }
}

/// What one body occupies.
#[derive(Default)]
struct Occupied {
    permits: Mutex<Option<OwnedSemaphorePermit>>,
    /// There was no room for the whole body.
    has_exceeded: AtomicBool,
    /// The whole body has arrived.
    is_received: AtomicBool,
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
        let Ok(further) = budget.permits.clone().try_acquire_many_owned(more as u32) else {
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
        if frame.is_none() || self.body.is_end_stream() {
            self.occupied.is_received.store(true, Ordering::Relaxed);
        }
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
/// computed. A body without room is refused with 503 and `Retry-After`. Where the time is over, the
/// response is 408 if the body had not arrived by then, and 504 if the service was too slow.
pub async fn within_budget(
    State(budget): State<BodyBudget>,
    request: Request,
    next: Next,
) -> Response {
    let time_max = budget.time_max;
    let too_late = |_| StatusCode::GATEWAY_TIMEOUT.into_response();
    if request.body().is_end_stream() {
        let response = tokio::time::timeout(time_max, next.run(request)).await;
        return response.unwrap_or_else(too_late);
    }
    let occupied = Arc::new(Occupied::default());
    let request = request.map(|body| {
        Body::new(BudgetedBody { body, received: 0, budget, occupied: occupied.clone() })
    });
    let response = match tokio::time::timeout(time_max, next.run(request)).await {
        Ok(response) => response,
        Err(_) if !occupied.is_received.load(Ordering::Relaxed) => too_slow().into_response(),
        Err(late) => too_late(late),
    };
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
        let budget = BodyBudget::new(4 * PERMIT_BYTES, Duration::from_secs(1));
        let (one, other) = (Occupied::default(), Occupied::default());
        assert!(one.grow(&budget, 1) && one.grow(&budget, PERMIT_BYTES));
        assert!(one.grow(&budget, 2 * PERMIT_BYTES + 1));
        assert!(other.grow(&budget, PERMIT_BYTES));
        assert!(!other.grow(&budget, PERMIT_BYTES + 1));
        assert!(other.has_exceeded.load(Ordering::Relaxed));
        drop(one);
        assert!(other.grow(&budget, 4 * PERMIT_BYTES));
        drop(other);
        assert_eq!(budget.permits.available_permits(), 4);
    }
}
