//! A request to an operation with all its parameters parsed, as the argument of a handler.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::error::Error;
use crate::http::reply::problem::malformed;
use crate::http::request::audience::Audience;
use crate::http::request::caller::Caller;
use crate::http::request::common::{JURISDICTION_NAME, LANG_NAME};
use crate::http::request::context::RequestContext;
use crate::http::request::parameter::Request;
use crate::http::request::reader::{EmptyValue, Pairs, ParameterReader};
use crate::http::request::view::view_of;
use crate::http::state::AppState;
use crate::usecase::City;

/// A request to an operation on one city. All parameters are parsed, and the query string had no
/// unknown parameter, except for Open311: a request that fails this never reaches its handler.
pub struct Call<R> {
    /// The state that all handlers share.
    pub state: Arc<AppState>,
    /// The city that the request names, or the default city.
    pub city: Arc<City>,
    /// Language, address and conditional headers of the request.
    pub context: RequestContext,
    /// The operation's parameters.
    pub request: R,
}

/// A request to an operation on the whole service with all its parameters parsed.
pub struct ServiceCall<R = ()> {
    /// The state that all handlers share.
    pub state: Arc<AppState>,
    /// Language, address and conditional headers of the request.
    pub context: RequestContext,
    /// The operation's parameters.
    pub request: R,
}

impl<R> Call<R> {
    /// Sets who sends the request.
    ///
    /// # Errors
    /// Forbidden: the key is for other cities.
    pub fn set_caller(&mut self, caller: Caller, audience: Audience) -> Result<(), Error> {
        self.context.set_caller(caller, audience, Some(self.city.id()))
    }
}

impl<R> ServiceCall<R> {
    /// Sets who sends the request.
    ///
    /// # Errors
    /// Forbidden: the key is not for all cities.
    pub fn set_caller(&mut self, caller: Caller, audience: Audience) -> Result<(), Error> {
        self.context.set_caller(caller, audience, None)
    }
}

/// Reads the parameters and headers that all operations share, and returns the remaining pairs of
/// the query string.
fn read_head(parts: &Parts) -> Result<(RequestContext, Pairs, Vec<crate::error::Refusal>), Error> {
    let mut refused = Vec::new();
    let empty = match ignores_unknown(parts.uri.path()) {
        true => EmptyValue::Absent,
        false => EmptyValue::Refused,
    };
    let mut pairs = Pairs::of_query(parts.uri.query().unwrap_or_default(), empty, &mut refused);
    let context = RequestContext::read(parts, &mut pairs)?;
    Ok((context, pairs, refused))
}

/// Are unknown parameters of this path ignored? Clients of Open311 add parameters of their own,
/// such as `_=1` against caches; everywhere else a parameter without effect is an error.
fn ignores_unknown(path: &str) -> bool {
    path.starts_with("/open311/")
}

/// Reads the parameters of the path.
async fn read_path(parts: &mut Parts, state: &Arc<AppState>) -> Result<Pairs, Error> {
    let path = RawPathParams::from_request_parts(parts, state).await.map_err(|_| malformed())?;
    Ok(Pairs::of_path(path.iter().map(|(name, value)| (name.to_owned(), value.to_owned()))))
}

impl<R: Request> FromRequestParts<Arc<AppState>> for Call<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Error> {
        let (mut context, query, refused) = read_head(parts)?;
        let path = read_path(parts, state).await?;
        let city = context.city(state, &parts.method)?;
        context.view = view_of(parts, state, Some(city.id()));
        context.variant.view = city.view_number(context.view);
        let mut reader = ParameterReader::new((query, path), &parts.headers, Some(&city), refused);
        let request = R::read(&mut reader);
        if ignores_unknown(parts.uri.path()) {
            let mut declared = Vec::new();
            R::declare(&mut declared);
            let common = [LANG_NAME, JURISDICTION_NAME];
            reader.ignore_unknown(|name| {
                common.contains(&name) || declared.iter().any(|one| one.name == name)
            });
        }
        let request = reader.finish(request)?;
        Ok(Self { state: state.clone(), context, city, request })
    }
}

impl<R: Request> FromRequestParts<Arc<AppState>> for ServiceCall<R> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<AppState>) -> Result<Self, Error> {
        let (mut context, query, refused) = read_head(parts)?;
        context.view = view_of(parts, state, None);
        let path = read_path(parts, state).await?;
        let mut reader = ParameterReader::new((query, path), &parts.headers, None, refused);
        let request = R::read(&mut reader);
        let request = reader.finish(request)?;
        Ok(Self { state: state.clone(), context, request })
    }
}
