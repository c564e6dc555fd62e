//! One call of an operation: all of its parameters read, or every refusal.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::error::Error;
use crate::http::reply::problem::malformed;
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::Request;
use crate::http::request::reader::{Pairs, Reader};
use crate::http::state::AppState;
use crate::usecase::City;

/// A call of an operation on one city. Its request was read in full: a handler that has a call has
/// every parameter, and nothing unknown was in the query string.
pub struct Call<R> {
    /// What handlers share.
    pub state: Arc<AppState>,
    /// The city asked about.
    pub city: Arc<City>,
    /// What every operation reads.
    pub context: RequestContext,
    /// The operation's parameters.
    pub request: R,
}

/// A call of an operation on the whole service, which has no parameters of its own.
pub struct ServiceCall {
    /// What handlers share.
    pub state: Arc<AppState>,
    /// What every operation reads.
    pub context: RequestContext,
}

/// Reads what every operation reads, and the pairs that are left.
fn read_head(parts: &Parts) -> Result<(RequestContext, Pairs, Vec<crate::error::Refusal>), Error> {
    let mut refused = Vec::new();
    let mut pairs = Pairs::of_query(parts.uri.query().unwrap_or_default(), &mut refused);
    let context = RequestContext::read(parts, &mut pairs)?;
    Ok((context, pairs, refused))
}

impl<R: Request> FromRequestParts<Arc<AppState>> for Call<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Error> {
        let (context, query, refused) = read_head(parts)?;
        let path = RawPathParams::from_request_parts(parts, state).await;
        let path = path.map_err(|_| malformed())?;
        let path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let city = context.city(state)?;
        let mut reader = Reader::new(query, Pairs::of_path(path), &city, refused);
        let request = R::read(&mut reader);
        let request = reader.finish(request)?;
        Ok(Self { state: state.clone(), context, city, request })
    }
}

impl FromRequestParts<Arc<AppState>> for ServiceCall {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Error> {
        let (context, query, refused) = read_head(parts)?;
        query.finish(refused)?;
        Ok(Self { state: state.clone(), context })
    }
}
