//! Authorization of the operations that are restricted to crews.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Uri, header};

use crate::error::{Error, ErrorKind, Result};
use crate::http::request::audience::Audience;
use crate::http::request::origin::Foreign;
use crate::http::state::{AppState, WriteAccess};
use crate::i18n::Message;
use crate::message;

/// What a request shows of who sends it.
#[derive(Debug, Clone)]
pub struct Authorization {
    /// The `Authorization` header.
    header: Option<HeaderValue>,
    /// Why it may come from elsewhere than this machine; looked for only where that matters.
    foreign: Option<Foreign>,
}

impl FromRequestParts<Arc<AppState>> for Authorization {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        state: &Arc<AppState>,
    ) -> std::result::Result<Self, Infallible> {
        Ok(Self::of(&parts.uri, &parts.headers, &state.access))
    }
}

impl Authorization {
    /// What a request with this target and these headers shows.
    pub fn of(uri: &Uri, headers: &HeaderMap, access: &WriteAccess) -> Self {
        let foreign = match access {
            WriteAccess::Local => Foreign::of(uri, headers),
            WriteAccess::Key(_) | WriteAccess::Nobody => None,
        };
        Self { header: headers.get(header::AUTHORIZATION).cloned(), foreign }
    }

    /// Does the request have an `Authorization` header, right or wrong?
    pub fn is_given(&self) -> bool {
        self.header.is_some()
    }

    /// Accepts the request if it may use operations for this audience.
    ///
    /// # Errors
    /// Forbidden: the key is missing or wrong, the service has no key and the request may come
    /// from elsewhere or asks for private data, or the service accepts no changes at all.
    pub fn authorize(&self, audience: Audience, access: &WriteAccess) -> Result<()> {
        let refusal = match (audience, access) {
            (Audience::Public, _) => None,
            (_, WriteAccess::Key(key)) => self.refusal_without_key(key),
            (Audience::Crews, WriteAccess::Local) => self.foreign.as_ref().map(refusal_of_foreign),
            (Audience::KeyHolders, WriteAccess::Local) => Some(message!(
                "Les coordonnées des personnes ne se lisent qu’avec une clé d’équipe : lancez le \
                 service avec --crew-key.",
                "Contact details of people are read with a crew key only: start the service with \
                 --crew-key."
            )),
            (_, WriteAccess::Nobody) => Some(message!(
                "Le service est joignable d’ailleurs que de cette machine et n’a pas de clé \
                 d’équipe (--crew-key) : il n’accepte que les lectures publiques et les nouvelles \
                 demandes.",
                "The service can be reached from elsewhere than this machine and has no crew key \
                 (--crew-key): it accepts only public reads and new reports."
            )),
        };
        match refusal {
            None => Ok(()),
            Some(message) => Err(Error::new(ErrorKind::Forbidden, message)),
        }
    }

    fn refusal_without_key(&self, key: &str) -> Option<Message> {
        let token = self.header.as_ref().and_then(|sent| sent.as_bytes().strip_prefix(b"Bearer "));
        let is_right = token.is_some_and(|token| is_same_key(key.as_bytes(), token));
        (!is_right).then(|| {
            message!(
                "Envoyez la clé d’équipe : « Authorization: Bearer … ».",
                "Send the crew key: 'Authorization: Bearer …'."
            )
        })
    }
}

/// Are two keys the same? Comparing digests instead of keys leaks no key by the time it takes.
pub fn is_same_key(known: &[u8], sent: &[u8]) -> bool {
    blake3::hash(known) == blake3::hash(sent)
}

fn refusal_of_foreign(foreign: &Foreign) -> Message {
    let Message { fr, en } = foreign.reason();
    message!(
        "Sans clé d’équipe (--crew-key), ceci n’est permis que depuis cette machine ; la requête \
         est refusée : {fr}.",
        "Without a crew key (--crew-key) this is allowed from this machine only; the request is \
         refused: {en}."
    )
}
