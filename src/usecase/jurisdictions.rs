//! The cities of a store: added, changed, removed, and where their reports lie.

use std::sync::Arc;

use crate::domain::{
    Catalogue, Jurisdiction, JurisdictionId, PhotoPolicy, PublicRules, TextPolicy, Visibility,
    Vocabulary,
};
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::ingest::principal_city;
use crate::message;
use crate::place::{BBox, Position, learned_city_extent};
use crate::store::{
    AddJurisdiction, Reader, RemoveJurisdiction, SaveLearnedExtent, SetJurisdiction, SetVisibility,
    Writer,
};

/// Reports whose places an extent is learned from, at most.
const SAMPLE: u64 = 20_000;

/// The jurisdiction with this id as the store has it.
///
/// # Errors
/// Not found, with those that there are; the store.
pub fn stored(reader: &Reader, id: &JurisdictionId) -> Result<Jurisdiction> {
    let known: Vec<Jurisdiction> =
        reader.jurisdictions()?.into_iter().map(|(known, _)| known).collect();
    let ids: Vec<&str> = known.iter().map(|known| known.id.as_str()).collect();
    let ids = ids.join(", ");
    let found = known.iter().find(|known| known.id == *id).cloned();
    found.ok_or_else(|| {
        let message = match ids.is_empty() {
            true => message!(
                "« {id} » n’existe pas : ce dépôt n’a encore aucune ville.",
                "'{id}' does not exist: the store has no city yet."
            ),
            false => message!(
                "« {id} » n’existe pas ; les villes de ce dépôt : {ids}.",
                "'{id}' does not exist; the cities of the store: {ids}."
            ),
        };
        Error::new(ErrorKind::NotFound, message)
    })
}

/// The only city of the store, for a command to which none was named.
///
/// # Errors
/// Refused, as `--jurisdiction`, where the store has none or several; the store.
pub fn only(reader: &Reader) -> Result<Jurisdiction> {
    let known: Vec<Jurisdiction> =
        reader.jurisdictions()?.into_iter().map(|(known, _)| known).collect();
    let ids: Vec<&str> = known.iter().map(|known| known.id.as_str()).collect();
    let ids = ids.join(", ");
    let message = match known.len() {
        1 => return Ok(known[0].clone()),
        0 => message!("manque : le dépôt n’a aucune ville", "is missing: the store has no city"),
        _ => message!(
            "manque : le dépôt a plusieurs villes ({ids})",
            "is missing: the store has several cities ({ids})"
        ),
    };
    Err(Refusal::new("--jurisdiction", "", message).into())
}

/// Adds a city without reports.
///
/// # Errors
/// The store has it already; its time zone is unknown; the store.
pub fn add(reader: &Reader, writer: &Writer, jurisdiction: Jurisdiction) -> Result<()> {
    let id = &jurisdiction.id;
    check_zone(&jurisdiction)?;
    if reader.jurisdictions()?.iter().any(|(known, _)| known.id == *id) {
        let message = message!(
            "« {id} » existe déjà ; « city set » le modifie.",
            "'{id}' exists already; 'city set' changes it."
        );
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    writer.execute(AddJurisdiction { jurisdiction, services: Vec::new() })
}

fn check_zone(jurisdiction: &Jurisdiction) -> Result<()> {
    let zone = &jurisdiction.time_zone;
    let checked = jurisdiction.zone().map(|_| ());
    checked.map_err(|message| Refusal::new("--time-zone", zone, message).into())
}

/// Sets the name, the time zone and the extent of a city. One whose extent is learned, or that has
/// none, learns it now. `base` is the built-in catalogue of the city.
///
/// # Errors
/// Its time zone is unknown; not found; the store.
pub fn set(
    reader: &Reader,
    writer: &Writer,
    jurisdiction: Jurisdiction,
    base: &Catalogue,
) -> Result<()> {
    check_zone(&jurisdiction)?;
    let id = jurisdiction.id.clone();
    writer.execute(SetJurisdiction { jurisdiction })?;
    reader.forget(&id);
    learn_extent(reader, writer, &id, base).map(|_| ())
}

/// Policies of services and groups of services, each with the code of one.
#[derive(Debug, Clone, Default)]
pub struct ServicePolicies {
    /// How the public sees their reports.
    pub visibility: Vec<(String, Visibility)>,
    /// Whether it reads their texts.
    pub texts: Vec<(String, TextPolicy)>,
    /// Whether it sees their photos.
    pub photos: Vec<(String, PhotoPolicy)>,
}

impl ServicePolicies {
    /// Whether they say nothing.
    pub fn is_empty(&self) -> bool {
        self.visibility.is_empty() && self.texts.is_empty() && self.photos.is_empty()
    }
}

/// The policies of texts as an option of `city set` takes them, `CODE=POLICY` for each; the codes
/// are those of services or groups of the city.
///
/// # Errors
/// A text of another form; a policy that there is not; a code that is neither that of a service nor
/// of a group.
pub fn policies<P: Vocabulary>(
    option: &'static str,
    texts: &[String],
    catalogue: &Catalogue,
) -> Result<Vec<(String, P)>> {
    let one = |text: &String| {
        let refused = |message| Error::from(Refusal::new(option, text, message));
        let words: Vec<&str> = P::VALUES.iter().map(|value| value.word()).collect();
        let words = words.join(", ");
        let find = |word: &str| P::VALUES.iter().copied().find(|value| value.word() == word);
        let read = text.split_once('=');
        let read = read.and_then(|(code, word)| Some((code, find(word)?)));
        let (code, policy) = read.ok_or_else(|| {
            refused(message!(
                "doit être SERVICE=VALEUR, où VALEUR est l’une de {words}",
                "must be SERVICE=POLICY, with a policy of {words}"
            ))
        })?;
        let is_group = catalogue.groups().iter().any(|group| group.code == code);
        if catalogue.get(code).is_none() && !is_group {
            return Err(catalogue.unknown(option, code).into());
        }
        Ok((code.to_owned(), policy))
    };
    texts.iter().map(one).collect()
}

/// Sets how the public sees the reports of services, their texts and their photos. A running
/// service takes it up within a second and the time that it takes to read the city's reports.
///
/// # Errors
/// The store.
pub fn set_policies(writer: &Writer, id: &JurisdictionId, policies: ServicePolicies) -> Result<()> {
    let ServicePolicies { visibility, texts, photos } = policies;
    writer.execute(SetVisibility { jurisdiction: id.clone(), policies: visibility, texts, photos })
}

/// Removes a city and everything that the store holds of it. Returns the number of its reports.
///
/// # Errors
/// Not found; the store.
pub fn remove(writer: &Writer, id: &JurisdictionId) -> Result<u64> {
    writer.execute(RemoveJurisdiction { jurisdiction: id.clone() })
}

/// Learns the extent of a city from a sample of at most 20,000 of its reports
/// ([`learned_city_extent`]), unless one was set. Everybody sees the extent: it is learned from the
/// places at which the public sees single reports, so one that was learned before policies were set
/// is forgotten where too few are left. Returns the extent where it is another than before. `base`
/// is the built-in catalogue of the city.
///
/// # Errors
/// The store.
pub fn learn_extent(
    reader: &Reader,
    writer: &Writer,
    id: &JurisdictionId,
    base: &Catalogue,
) -> Result<Option<BBox>> {
    let known = reader.jurisdictions()?.into_iter().map(|(known, _)| known);
    let Some(known) = known.into_iter().find(|known| known.id == *id) else { return Ok(None) };
    if known.extent.is_some() && !known.is_extent_learned {
        return Ok(None);
    }
    let places = reader.sample_positions(id, SAMPLE)?;
    let table = reader.visibility(id)?;
    let is_exact = table.is_exact();
    let mut shown: Vec<Position> = Vec::with_capacity(places.len());
    if is_exact {
        shown.extend(places.into_iter().map(|(_, at)| at));
    } else {
        let mut catalogue = base.clone();
        reader.services(id)?.into_iter().for_each(|service| catalogue.add(service));
        let rules = PublicRules::of_lists(table, Arc::new(catalogue));
        for (service, at) in places {
            shown.extend(rules.listed_place(&service, at));
        }
    }
    let extent = learned_city_extent(&shown, principal_city(&known.time_zone));
    if extent == known.extent || (extent.is_none() && is_exact) {
        return Ok(None);
    }
    writer.execute(SaveLearnedExtent { jurisdiction: id.clone(), extent })?;
    Ok(extent)
}
