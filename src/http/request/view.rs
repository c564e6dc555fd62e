//! Which view of a city's data a request is answered from.

use axum::http::request::Parts;

use crate::domain::View;
use crate::http::request::audience::Audience;
use crate::http::request::auth::Authorization;
use crate::http::state::{AppState, WriteAccess};

/// The view of a request: that of crews where it shows that it is from a crew. Where the service
/// has no key, requests of this machine may change reports, but they read what the public reads:
/// so the page of a service that is being set up shows what it will show.
pub fn view_of(parts: &Parts, state: &AppState) -> View {
    if !matches!(state.access, WriteAccess::Key(_)) {
        return View::Listed;
    }
    let shown = Authorization::of(&parts.uri, &parts.headers, &state.access);
    match shown.authorize(Audience::Crews, &state.access) {
        Ok(()) => View::Crew,
        Err(_) => View::Listed,
    }
}
