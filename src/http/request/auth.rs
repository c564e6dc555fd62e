//! Authorization of the operations that are not for everybody.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};

use crate::domain::{AccessKey, Permission, Session};
use crate::error::{Error, ErrorKind, Result};
use crate::http::access::{Access, SentSession, WriteAccess};
use crate::http::request::audience::Audience;
use crate::http::request::caller::Caller;
use crate::http::request::head::RequestHead;
use crate::http::request::origin::Foreign;
use crate::http::request::peer_user::PeerUser;
use crate::http::state::AppState;
use crate::i18n::Message;
use crate::message;
use crate::usecase::sessions::SessionToken;

/// What is found of the key in a request's header, once for all that ask: a wrong key is logged and
/// counted once. The outermost layer puts it among the extensions of each request.
#[derive(Debug, Clone, Default)]
pub struct KeyCheck(Arc<OnceLock<CheckedKey>>);

type CheckedKey = std::result::Result<Arc<AccessKey>, (ErrorKind, Message)>;

/// What a request shows of who sends it.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// The `Authorization` header.
    header: Option<HeaderValue>,
    /// The session of its cookie, which counts only without that header.
    session: Option<SentSession>,
    /// Why it may come from elsewhere than this machine, as it shows itself; looked for only where
    /// that matters.
    foreign: Option<Foreign>,
    /// Whose program sends it, where that is one of this machine.
    user: Option<PeerUser>,
    /// Where it comes from, if that is known.
    address: Option<IpAddr>,
    /// What was found of its key.
    check: KeyCheck,
}

impl FromRequestParts<Arc<AppState>> for Authorization {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> std::result::Result<Self, Infallible> {
        Ok(Self::of(&RequestHead::from(&*parts), &state.access))
    }
}

impl Authorization {
    /// What a request shows.
    pub fn of(head: &RequestHead<'_>, access: &Access) -> Self {
        let is_local = access.mode == WriteAccess::Local && !access.needs_keys();
        let foreign = if is_local { Foreign::of(head) } else { None };
        let header = head.headers.get(header::AUTHORIZATION).cloned();
        let session = if header.is_none() { access.sent_session(head) } else { None };
        let check = head.extensions.get::<KeyCheck>().cloned().unwrap_or_default();
        let user = head.extensions.get::<PeerUser>().cloned();
        Self { header, session, foreign, user, address: head.address(), check }
    }

    /// Where the request comes from, if that is known.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// Does the request have an `Authorization` header, right or wrong?
    pub fn is_given(&self) -> bool {
        self.header.is_some()
    }

    /// Does a cookie say who sends the request, right or wrong?
    pub fn is_by_cookie(&self) -> bool {
        self.session.is_some()
    }

    /// The session that the request shows by its cookie and the key that opened it, where both are
    /// valid and it comes from no page of another site.
    pub fn session(&self, access: &Access) -> Option<(Session, Arc<AccessKey>)> {
        let sent = self.session.as_ref().filter(|sent| sent.foreign_page.is_none())?;
        access.session(&sent.token)
    }

    /// The valid key of the request or of its session; wrong ones are neither logged nor counted.
    pub fn known_key(&self, access: &Access) -> Option<Arc<AccessKey>> {
        let Some(header) = &self.header else {
            return self.session(access).map(|(_, key)| key);
        };
        access.find(secret_of(header)?)
    }

    /// The token of the request's cookie, valid or not.
    pub fn token(&self) -> Option<&SessionToken> {
        self.session.as_ref().map(|sent| &sent.token)
    }

    /// Accepts the request if it may use operations for this audience. The city is checked later,
    /// by [`Caller::check_city`], when it is known.
    ///
    /// # Errors
    /// Unauthorized: a key is needed and none that is valid was sent. Forbidden: the role of the
    /// key may not do this, a page of another site sends the cookie of a session, or the service
    /// has no key and the request may come from elsewhere or asks for contact details. Too many:
    /// wrong keys.
    pub fn authorize(&self, audience: Audience, access: &Access) -> Result<Caller> {
        match audience {
            Audience::Filing if access.filing_needs_key => {
                self.holder(Permission::FileReports, access)
            }
            Audience::Public | Audience::OwnPages | Audience::Filing => Ok(self.sender(access)),
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

    /// Does a program of another user of this machine send it, as a proxy is? That is looked up
    /// where it decides about a right alone: it costs the more, the more connections there are.
    pub fn is_of_other_user(&self) -> bool {
        self.user.as_ref().is_some_and(PeerUser::is_other)
    }

    /// Why it may come from elsewhere than this machine.
    fn foreign(&self) -> Option<Foreign> {
        let other = || self.is_of_other_user().then_some(Foreign::OtherUser);
        self.foreign.clone().or_else(other)
    }

    /// The valid key that was sent, or that of the session; `None` if neither was sent.
    fn key(&self, access: &Access) -> Result<Option<Arc<AccessKey>>> {
        let Some(header) = &self.header else { return self.key_of_session(access) };
        let Some(secret) = secret_of(header) else {
            return Err(Error::new(ErrorKind::Unauthorized, key_is_missing()));
        };
        let verify =
            || access.verify(secret, self.address).map_err(|error| (error.kind, error.message));
        let checked = self.check.0.get_or_init(verify).clone();
        checked.map(Some).map_err(|(kind, message)| Error::new(kind, message))
    }

    fn key_of_session(&self, access: &Access) -> Result<Option<Arc<AccessKey>>> {
        let Some(sent) = &self.session else { return Ok(None) };
        if let Some(page) = &sent.foreign_page {
            return Err(Error::new(ErrorKind::Forbidden, refusal_of_page(page)));
        }
        match access.session(&sent.token) {
            Some((_, key)) => Ok(Some(key)),
            None => Err(Error::new(ErrorKind::Unauthorized, session_is_over())),
        }
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
        let refusal = match (&access.mode, permission, self.foreign()) {
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
            (WriteAccess::Local, _, Some(foreign)) => refusal_of_foreign(&foreign),
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

/// The secret in an `Authorization` header; the name of its scheme is in any letter case (RFC 9110,
/// section 11.1).
fn secret_of(header: &HeaderValue) -> Option<&[u8]> {
    let (scheme, secret) = header.as_bytes().split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then_some(secret)
}

fn key_is_missing() -> Message {
    message!(
        "Envoyez une clé : « Authorization: Bearer … ».",
        "Send a key: 'Authorization: Bearer …'."
    )
}

fn session_is_over() -> Message {
    message!(
        "La session est terminée : connectez-vous de nouveau.",
        "The session is over: log in again."
    )
}

fn refusal_of_page(page: &str) -> Message {
    message!(
        "Une page d’un autre site (« {page} ») ne peut pas se servir de cette session.",
        "A page of another site ('{page}') cannot use this session."
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
