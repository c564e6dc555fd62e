//! A bound on the memory of all responses that wait for their clients to take them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use crate::error::{Error, ErrorKind, Result};
use crate::message;

/// Responses up to this many bytes are not counted: what connections and the system keep of each
/// is as much.
const UNCOUNTED_BYTES: usize = 64 << 10;
/// One client may hold a part of all bytes: one in this many.
const CLIENT_PART: usize = 2;

/// Marks a response whose body is a part of the program: it occupies no memory of its own.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedBody;

/// The bytes that responses of known length may occupy together.
#[derive(Clone)]
pub struct ResponseBudget {
    bytes_max: usize,
    occupied: Arc<Mutex<OccupiedBytes>>,
}

/// Bytes that are occupied, by all and by each client.
#[derive(Default)]
struct OccupiedBytes {
    all: usize,
    by_client: HashMap<Option<IpAddr>, usize>,
}

/// What one response occupies, until this is dropped.
struct Holding {
    budget: ResponseBudget,
    client: Option<IpAddr>,
    bytes: usize,
}

impl ResponseBudget {
    /// A budget of this many bytes.
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, occupied: Arc::default() }
    }

    fn occupied(&self) -> MutexGuard<'_, OccupiedBytes> {
        self.occupied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A response that holds its bytes of the budget until the last of them is sent or the
    /// connection has gone. A response larger than the budget has room where nothing else waits.
    ///
    /// # Errors
    /// Unavailable: there is no room for it.
    pub fn hold(&self, client: Option<IpAddr>, response: Response) -> Result<Response> {
        let bytes = response.body().size_hint().exact().unwrap_or(0);
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        if bytes <= UNCOUNTED_BYTES || response.extensions().get::<EmbeddedBody>().is_some() {
            return Ok(response);
        }
        let holding = Arc::new(self.take(client, bytes).ok_or_else(no_room)?);
        Ok(response.map(|body| Body::new(HeldBody { body, holding })))
    }

    fn take(&self, client: Option<IpAddr>, bytes: usize) -> Option<Holding> {
        let mut occupied = self.occupied();
        let own = occupied.by_client.get(&client).copied().unwrap_or(0);
        let has_room = |held: usize, most: usize| held == 0 || held.saturating_add(bytes) <= most;
        // Those whose address is not known are many clients.
        let is_within_part = client.is_none() || has_room(own, self.bytes_max / CLIENT_PART);
        if !is_within_part || !has_room(occupied.all, self.bytes_max) {
            return None;
        }
        occupied.all += bytes;
        occupied.by_client.insert(client, own + bytes);
        Some(Holding { budget: self.clone(), client, bytes })
    }
}

impl Drop for Holding {
    fn drop(&mut self) {
        let mut occupied = self.budget.occupied();
        occupied.all -= self.bytes;
        let own = occupied.by_client.get_mut(&self.client);
        let is_last = own.is_none_or(|own| {
            *own -= self.bytes;
            *own == 0
        });
        if is_last {
            occupied.by_client.remove(&self.client);
        }
    }
}

fn no_room() -> Error {
    let message = message!(
        "Trop de réponses attendent d’être reçues par leurs clients.",
        "Too many responses are waiting for their clients to receive them."
    );
    Error::new(ErrorKind::Unavailable, message)
}

/// A body that holds its bytes of a budget.
struct HeldBody {
    body: Body,
    holding: Arc<Holding>,
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        let held = |bytes| {
            let holding = self.holding.clone();
            // A connection drops the body as soon as it has taken the last bytes of it, long before
            // these are sent: so they hold the budget, too.
            Bytes::from_owner(HeldBytes { bytes, _holding: holding })
        };
        polled.map_ok(|frame| frame.map_data(held))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes of a body that hold the whole of it in the budget.
struct HeldBytes {
    bytes: Bytes,
    _holding: Arc<Holding>,
}

impl AsRef<[u8]> for HeldBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    const BYTES: usize = 100 << 10;

    fn response(bytes: usize) -> Response {
        Response::new(Body::from(vec![b'x'; bytes]))
    }

    fn address(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

    #[tokio::test]
    async fn bytes_are_held_until_the_last_of_them_is_sent() {
        let budget = ResponseBudget::new(2 * BYTES);
        let held = budget.hold(address(1), response(BYTES)).unwrap();
        let full = budget.hold(address(1), response(BYTES)).unwrap_err();
        assert_eq!(full.kind, ErrorKind::Unavailable);
        assert!(budget.hold(address(2), response(BYTES)).is_ok(), "and dropped at once");
        let mut body = held.into_body();
        assert_eq!(body.size_hint().exact(), Some(BYTES as u64));
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        drop(body);
        assert!(budget.hold(address(1), response(BYTES)).is_err(), "a connection has the bytes");
        let rest = frame.slice(BYTES - 1..);
        drop(frame);
        assert_eq!((rest.as_ref(), budget.occupied().all), (b"x".as_slice(), BYTES));
        drop(rest);
        let occupied = budget.occupied();
        assert_eq!((occupied.all, occupied.by_client.len()), (0, 0));
    }

    #[test]
    fn one_client_has_half_of_the_budget_and_all_together_have_all_of_it() {
        let budget = ResponseBudget::new(4 * BYTES);
        let ask = |last| budget.hold(address(last), response(BYTES));
        let held: Vec<_> = [1, 1, 2, 2].map(|last| ask(last).unwrap()).into();
        assert!(ask(1).is_err() && ask(3).is_err());
        // Short responses and those that the program holds anyway have room at any time.
        assert!(budget.hold(address(3), response(UNCOUNTED_BYTES)).is_ok());
        let mut embedded = response(BYTES);
        embedded.extensions_mut().insert(EmbeddedBody);
        assert!(budget.hold(address(3), embedded).is_ok());
        drop(held);
        // Where nothing else waits, the largest response has room.
        let large = budget.hold(address(1), response(9 * BYTES)).unwrap();
        assert!(ask(2).is_err());
        drop(large);
        assert!(ask(2).is_ok());
    }
}
