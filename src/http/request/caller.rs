//! Who sends a request.

use std::net::IpAddr;
use std::sync::Arc;

use crate::domain::{
    ACTOR_PUBLIC, ACTOR_THIS_MACHINE, AccessKey, Actor, JurisdictionId, Permission,
};
use crate::error::{Error, ErrorKind, Result};
use crate::http::request::audience::Audience;
use crate::message;

/// The author of changes in histories where no person or program is known by name.
const AUTHOR_UNKNOWN: &str = "api";

/// Who sends a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Caller {
    /// Anybody.
    #[default]
    Public,
    /// A program or page of this machine, where the service has no key at all.
    ThisMachine,
    /// The holder of a valid key.
    Holder(Arc<AccessKey>),
}

impl Caller {
    /// May it do this with reports of this city?
    pub fn may(&self, permission: Permission, city: &JurisdictionId) -> bool {
        match self {
            Self::Public => false,
            Self::ThisMachine => !permission.always_needs_key(),
            Self::Holder(key) => key.may(permission, city),
        }
    }

    /// Who it is in the audit. The address of the public is personal data and is not kept.
    pub fn actor(&self, operation: &'static str, address: Option<IpAddr>) -> Actor {
        let (name, role, address) = match self {
            Self::Public => (ACTOR_PUBLIC.into(), None, None),
            Self::ThisMachine => (ACTOR_THIS_MACHINE.into(), None, address),
            Self::Holder(key) => (key.name.clone().into(), Some(key.role), address),
        };
        Actor { name, role, address, operation }
    }

    /// The author of its changes, for histories. The key of `--crew-key` is shared by a team: it
    /// names nobody.
    pub fn author(&self) -> &str {
        match self {
            Self::Holder(key) if key.number > 0 => &key.name,
            _ => AUTHOR_UNKNOWN,
        }
    }

    /// The author of a change whose sender gave a name: the name, and of which key it came with.
    pub fn author_as(&self, named: String, otherwise: &str) -> String {
        match self {
            Self::Holder(key) if key.number > 0 && named == otherwise => key.name.clone(),
            Self::Holder(key) if key.number > 0 => format!("{named} ({})", key.name),
            _ => named,
        }
    }

    /// Refuses a key that is not for the city of a request. `city` is `None` for an operation on
    /// the whole service, which only a key for all cities may use.
    ///
    /// # Errors
    /// Forbidden, with the cities that the key is for.
    pub fn check_city(&self, audience: Audience, city: Option<&JurisdictionId>) -> Result<()> {
        let is_for_all = matches!(audience, Audience::Public | Audience::OwnPages);
        let (Self::Holder(key), false) = (self, is_for_all) else { return Ok(()) };
        let Some(cities) = &key.cities else { return Ok(()) };
        let own = cities.iter().map(JurisdictionId::as_str).collect::<Vec<_>>().join(", ");
        let name = &key.name;
        let message = match city {
            Some(city) if cities.contains(city) => return Ok(()),
            None if audience == Audience::Filing => return Ok(()),
            Some(city) => message!(
                "La clé « {name} » est pour {own}, et non pour {city}.",
                "The key '{name}' is for {own}, not for {city}."
            ),
            None => message!(
                "La clé « {name} » est pour {own} ; ceci concerne toutes les villes du service.",
                "The key '{name}' is for {own}; this concerns all cities of the service."
            ),
        };
        Err(Error::new(ErrorKind::Forbidden, message))
    }
}
