//! Authorization of the operations that are restricted to crews.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};

use crate::error::{Error, ErrorKind, Result};
use crate::http::state::{AppState, WriteAccess};
use crate::message;

/// The `Authorization` header of a request, if it has one.
#[derive(Debug, Clone)]
pub struct Authorization(Option<HeaderValue>);

impl FromRequestParts<Arc<AppState>> for Authorization {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        _: &Arc<AppState>,
    ) -> std::result::Result<Self, Infallible> {
        Ok(Self(parts.headers.get(header::AUTHORIZATION).cloned()))
    }
}

impl Authorization {
    /// Accepts the request if it may use operations for crews.
    ///
    /// # Errors
    /// Forbidden: the key is missing or wrong, or the service accepts no changes at all.
    pub fn authorize(&self, access: &WriteAccess) -> Result<()> {
        let token = self.0.as_ref().and_then(|shown| shown.as_bytes().strip_prefix(b"Bearer "));
        let message = match (access, token) {
            (WriteAccess::Local, _) => return Ok(()),
            // Comparing digests instead of keys leaks no key by the time it takes.
            (WriteAccess::Key(key), Some(token))
                if blake3::hash(key.as_bytes()) == blake3::hash(token) =>
            {
                return Ok(());
            }
            (WriteAccess::Key(_), _) => message!(
                "Envoyez la clé d’équipe : « Authorization: Bearer … ».",
                "Send the crew key: 'Authorization: Bearer …'."
            ),
            (WriteAccess::Nobody, _) => message!(
                "Le service est ouvert au réseau sans clé d’équipe (--crew-key) : il refuse tout \
                 changement.",
                "The service is open to the network without a crew key (--crew-key): it refuses \
                 all changes."
            ),
        };
        Err(Error::new(ErrorKind::Forbidden, message))
    }
}
