//! Which view of a city's data a request is answered from.

use axum::http::request::Parts;

use crate::domain::{JurisdictionId, Permission, View};
use crate::http::request::audience::Audience;
use crate::http::request::auth::Authorization;
use crate::http::request::caller::Caller;
use crate::http::request::head::RequestHead;
use crate::http::state::AppState;

/// The view of a request about a city, or about all: that of crews where its key may read what is
/// private there. Where the service has no key, requests of this machine may change reports, but
/// they read what the public reads: so the page of a service that is being set up shows what it
/// will show.
pub fn view_of(parts: &Parts, state: &AppState, city: Option<&JurisdictionId>) -> View {
    let shown = Authorization::of(&RequestHead::from(parts), &state.access);
    let Ok(Caller::Holder(key)) = shown.authorize(Audience::Public, &state.access) else {
        return View::Listed;
    };
    let may_read = match city {
        Some(city) => key.may(Permission::ReadPrivate, city),
        None => key.cities.is_none() && key.role.may(Permission::ReadPrivate),
    };
    if may_read { View::Crew } else { View::Listed }
}
