//! Authorization of the operations that are not for everybody.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri, header};

use crate::domain::{AccessKey, Permission};
use crate::error::{Error, ErrorKind, Result};
use crate::http::access::{Access, WriteAccess};
use crate::http::request::audience::Audience;
use crate::http::request::caller::Caller;
use crate::http::request::client_address::ClientAddress;
use crate::http::request::origin::Foreign;
use crate::http::state::AppState;
use crate::i18n::Message;
use crate::message;

/// What a request shows of who sends it.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// The `Authorization` header.
    header: Option<HeaderValue>,
    /// Why it may come from elsewhere than this machine; looked for only where that matters.
    foreign: Option<Foreign>,
    /// Where it comes from, if that is known.
    address: Option<IpAddr>,
}

impl FromRequestParts<Arc<AppState>> for Authorization {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> std::result::Result<Self, Infallible> {
        let address = parts.extensions.get::<ClientAddress>().map(|client| client.0);
        Ok(Self { address, ..Self::of(&parts.uri, &parts.headers, &state.access) })
    }
}

impl Authorization {
    /// What a request with this target and these headers shows.
    pub fn of(uri: &Uri, headers: &HeaderMap, access: &Access) -> Self {
        let is_local = access.mode == WriteAccess::Local && !access.needs_keys();
        let foreign = if is_local { Foreign::of(uri, headers) } else { None };
        Self { header: headers.get(header::AUTHORIZATION).cloned(), foreign, address: None }
    }

    /// Does the request have an `Authorization` header, right or wrong?
    pub fn is_given(&self) -> bool {
        self.header.is_some()
    }

    /// Accepts the request if it may use operations for this audience. The city is checked later,
    /// by [`Caller::check_city`], when it is known.
    ///
    /// # Errors
    /// Unauthorized: a key is needed and none that is valid was sent. Forbidden: the role of the
    /// key may not do this, or the service has no key and the request may come from elsewhere or
    /// asks for contact details. Too many: wrong keys.
    pub fn authorize(&self, audience: Audience, access: &Access) -> Result<Caller> {
        match audience {
            Audience::Filing if access.filing_needs_key => {
                self.holder(Permission::FileReports, access)
            }
            Audience::Public | Audience::Filing => Ok(self.sender(access)),
            Audience::Holders(permission) => self.holder(permission, access),
        }
    }

    /// Who sends a request to an operation that everybody may call: a key that is not valid is that
    /// of nobody.
    fn sender(&self, access: &Access) -> Caller {
        match access.needs_keys() {
            true => {
                let key = self.key(access).ok().flatten();
                key.map_or(Caller::Public, Caller::Holder)
            }
            false if access.mode == WriteAccess::Local && self.foreign.is_none() => {
                Caller::ThisMachine
            }
            false => Caller::Public,
        }
    }

    /// The valid key that was sent; `None` if no key was sent.
    fn key(&self, access: &Access) -> Result<Option<Arc<AccessKey>>> {
        let Some(header) = &self.header else { return Ok(None) };
        let Some(secret) = header.as_bytes().strip_prefix(b"Bearer ") else {
            return Err(Error::new(ErrorKind::Unauthorized, key_is_missing()));
        };
        access.verify(secret, self.address).map(Some)
    }

    fn holder(&self, permission: Permission, access: &Access) -> Result<Caller> {
        if access.needs_keys() {
            let key = self.key(access)?;
            let key = key.ok_or_else(|| Error::new(ErrorKind::Unauthorized, key_is_missing()))?;
            return match key.role.may(permission) {
                true => Ok(Caller::Holder(key)),
                false => Err(Error::new(ErrorKind::Forbidden, role_is_too_low(&key, permission))),
            };
        }
        let refusal = match (&access.mode, permission, &self.foreign) {
            (WriteAccess::Local, Permission::ReadContacts, _) => message!(
                "Les coordonnées des personnes ne se lisent qu’avec une clé : créez-en une \
                 (pointchaud key create), ou lancez le service avec --crew-key.",
                "Contact details of people are read with a key only: create one (pointchaud key \
                 create), or start the service with --crew-key."
            ),
            (WriteAccess::Local, permission, _) if permission.always_needs_key() => message!(
                "Ceci ({permission}) ne se fait qu’avec une clé : créez-en une (pointchaud key \
                 create), ou lancez le service avec --crew-key.",
                "This ({permission}) is done with a key only: create one (pointchaud key create), \
                 or start the service with --crew-key."
            ),
            (WriteAccess::Local, _, None) => return Ok(Caller::ThisMachine),
            (WriteAccess::Local, _, Some(foreign)) => refusal_of_foreign(foreign),
            (WriteAccess::Key(_) | WriteAccess::Nobody, _, _) => message!(
                "Le service est joignable d’ailleurs que de cette machine et n’a pas de clé : il \
                 n’accepte que ce qui est public. Créez-en une avec « pointchaud key create ».",
                "The service can be reached from elsewhere than this machine and has no key: it \
                 accepts only what is public. Create one with 'pointchaud key create'."
            ),
        };
        Err(Error::new(ErrorKind::Forbidden, refusal))
    }
}

fn key_is_missing() -> Message {
    message!(
        "Envoyez une clé : « Authorization: Bearer … ».",
        "Send a key: 'Authorization: Bearer …'."
    )
}

fn role_is_too_low(key: &AccessKey, permission: Permission) -> Message {
    let (name, role, holders) = (&key.name, key.role, permission.holders());
    message!(
        "La clé « {name} » a le rôle {role} ; ceci ({permission}) demande : {holders}.",
        "The key '{name}' has the role {role}; this ({permission}) needs one of: {holders}."
    )
}

fn refusal_of_foreign(foreign: &Foreign) -> Message {
    let Message { fr, en } = foreign.reason();
    message!(
        "Sans clé (« pointchaud key create » ou --crew-key), ceci n’est permis que depuis cette \
         machine ; la requête est refusée : {fr}.",
        "Without a key ('pointchaud key create' or --crew-key) this is allowed from this machine \
         only; the request is refused: {en}."
    )
}
