//! The city that a source is filed under. It is never guessed from nothing: who imports names it,
//! or the mapping or built-in profile does, or the rows themselves, or the places of the file lie
//! in the only city of the store.

use crate::domain::Jurisdiction;
use crate::error::{Error, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::{OpenQuestion, Profile, SourceFile, SourceSample, orders_in_words};
use crate::message;
use crate::store::Reader;
use crate::usecase::catalogues::quebec;

/// Share of a file's places that must lie in the extent of the store's only city for the file to
/// be filed under it.
const SHARE_MIN: f64 = 0.9;
/// Least number of places that can show that a file is not from its profile's city.
const PLACES_MIN: usize = 10;
/// The id that stands for a new city which nobody has named yet.
const UNNAMED: &str = "city.example";

/// The city of a source, with what people should know of how it was found.
pub struct SourceCity {
    /// The city; as the store has it, where it does.
    pub jurisdiction: Jurisdiction,
    /// What was concluded and from what.
    pub notes: Vec<Message>,
}

/// What the program knows of a city by itself: Québec and the cities of the built-in profiles.
///
/// # Errors
/// The id is malformed.
pub fn builtin_city(id: &str) -> Result<Option<Jurisdiction>> {
    let home = quebec();
    if home.id.as_str() == id {
        return Ok(Some(home));
    }
    Profile::of_jurisdiction(id).map(|known| known.city_named(id)).transpose()
}

/// The city of a source: the one `named`, else that of the mapping or profile, else the one that
/// the rows name, else the only city of the store where the places of the file lie in it. A city of
/// the store stays as it is; a new one has the `time_zone` that is named, else the one that the
/// profile or the program knows, else UTC where every time of the file has an offset.
///
/// # Errors
/// A refusal of `--jurisdiction` or `--time-zone`: with an empty value where nothing says it,
/// otherwise with the value that does not fit. Behind one of an empty value stand those of
/// everything else that the file does not say. The file or the store cannot be read.
pub fn city_of(
    source: &SourceFile,
    named: Option<&str>,
    time_zone: Option<&str>,
    reader: &Reader,
) -> Result<SourceCity> {
    find_city(source, named, time_zone, reader).or_else(|error| {
        let missing = error.refusals.first().filter(|refusal| refusal.value.is_empty());
        let Some(missing) = missing.cloned() else { return Err(error) };
        let mut all = vec![missing];
        if named.is_none() && all[0].field == "--jurisdiction" {
            let of_new = find_city(source, Some(UNNAMED), time_zone, reader).err();
            all.extend(of_new.into_iter().flat_map(|error| error.refusals));
        }
        for question in source.open_questions(None, time_zone, None)? {
            all.push(match question {
                // Only a known city shows it.
                OpenQuestion::Negate(_) | OpenQuestion::Zone(_) => continue,
                OpenQuestion::DateOrder(sample, orders) => {
                    let Message { fr, en } = orders_in_words(&orders);
                    let message = message!(
                        "manque : les dates comme « {sample} » peuvent être {fr}",
                        "is missing: dates such as '{sample}' may be {en}"
                    );
                    Refusal::new("--date-order", "", message)
                }
                OpenQuestion::Projection(x, y, _) => {
                    let message = message!(
                        "manque : la projection des coordonnées comme {x}, {y} n’est pas connue \
                         (--projection EPSG:CODE)",
                        "is missing: the projection of coordinates such as {x}, {y} is not known \
                         (--projection EPSG:CODE)"
                    );
                    Refusal::new("--projection", "", message)
                }
            });
        }
        Err(Error::refused(all))
    })
}

fn find_city(
    source: &SourceFile,
    named: Option<&str>,
    time_zone: Option<&str>,
    reader: &Reader,
) -> Result<SourceCity> {
    let stored: Vec<Jurisdiction> =
        reader.jurisdictions()?.into_iter().map(|(known, _)| known).collect();
    let mut notes = Vec::new();
    let of_profile = source.profile().jurisdiction.as_deref();
    let (id, sample) = match (named, of_profile) {
        (Some(id), _) => (id.to_owned(), None),
        (None, Some(id)) => {
            lies_in_city(source, id)?;
            (id.to_owned(), None)
        }
        (None, None) => {
            let extent = stored.first().filter(|_| stored.len() == 1).and_then(|one| one.extent);
            let sample = source.sample(extent)?;
            let (id, note) = match named_by_rows(source, &sample)? {
                Some(found) => found,
                None => by_place(&sample, &stored)?,
            };
            notes.push(note);
            (id, Some(sample))
        }
    };
    let described = source.jurisdiction(&id)?;
    if let Some(known) = stored.into_iter().find(|known| known.id == described.id) {
        keeps_zone(&known, time_zone)?;
        return Ok(SourceCity { jurisdiction: known, notes });
    }
    let home = quebec();
    let mut jurisdiction = if described.id == home.id { home } else { described };
    let is_known = builtin_city(&id)?.is_some() || source.time_zone(&id).is_some();
    if let Some(zone) = time_zone {
        zone.clone_into(&mut jurisdiction.time_zone);
    } else if !is_known {
        let needs = match (source.recognition(), sample) {
            (Some(recognition), _) => recognition.needs_time_zone,
            (None, Some(sample)) => sample.needs_time_zone,
            (None, None) => source.sample(None)?.needs_time_zone,
        };
        notes.push(without_zone(&id, needs)?);
    }
    Ok(SourceCity { jurisdiction, notes })
}

/// The one city that the rows name. Rows that name another one are refused from now on.
fn named_by_rows(source: &SourceFile, sample: &SourceSample) -> Result<Option<(String, Message)>> {
    let names = sample.jurisdictions.join(", ");
    match sample.jurisdictions.as_slice() {
        [] => Ok(None),
        [id] => {
            source.read_only(id);
            let note = message!(
                "ville : {id}, d’après la colonne jurisdiction_id",
                "city: {id}, by the column jurisdiction_id"
            );
            Ok(Some((id.clone(), note)))
        }
        _ => {
            let message = message!(
                "sont les villes des lignes : une à la fois, ou toutes sous une seule \
                 (--jurisdiction ville.example)",
                "are the cities of the rows: one at a time, or all under one of them \
                 (--jurisdiction city.example)"
            );
            Err(Refusal::new("jurisdiction_id", names, message).into())
        }
    }
}

/// Refuses the profile's city where most places of the source lie outside its extent: other cities
/// publish files of the same columns.
fn lies_in_city(source: &SourceFile, id: &str) -> Result<()> {
    let Some(extent) = source.jurisdiction(id)?.extent else { return Ok(()) };
    let places = source.sample(Some(extent))?.places;
    let (count, inside) = (places.len(), places.iter().filter(|at| extent.contains(**at)).count());
    if count < PLACES_MIN || inside * 2 >= count {
        return Ok(());
    }
    let message = message!(
        "manque : les colonnes sont celles de {id}, mais {inside} des {count} premiers lieux y \
         sont (--jurisdiction ville.example)",
        "is missing: the columns are those of {id}, but {inside} of the first {count} places lie \
         there (--jurisdiction city.example)"
    );
    Err(Refusal::new("--jurisdiction", "", message).into())
}

/// The only city of the store, where most places of the sample lie in its extent.
fn by_place(sample: &SourceSample, stored: &[Jurisdiction]) -> Result<(String, Message)> {
    let unknown = |fr: String, en: String| {
        let message = message!(
            "manque : le fichier ne dit pas de quelle ville il vient{fr} (--jurisdiction \
             ville.example)",
            "is missing: the file does not say which city it is from{en} (--jurisdiction \
             city.example)"
        );
        Err(Refusal::new("--jurisdiction", "", message).into())
    };
    let [only] = stored else {
        return unknown(String::new(), String::new());
    };
    let (id, count) = (&only.id, sample.places.len());
    let Some(extent) = &only.extent else {
        return unknown(
            format!(", et on ne sait pas encore où est {id}"),
            format!(", and where {id} lies is not known yet"),
        );
    };
    if count == 0 {
        return unknown(", ni aucun lieu".to_owned(), ", nor any place".to_owned());
    }
    let inside = sample.places.iter().filter(|at| extent.contains(**at)).count();
    if (inside as f64) < SHARE_MIN * count as f64 {
        return unknown(
            format!(", et {inside} de ses {count} premiers lieux sont dans {id}"),
            format!(", and {inside} of its first {count} places lie in {id}"),
        );
    }
    let note = message!(
        "ville : {id}, la seule de ce dépôt : {inside} des {count} premiers lieux y sont",
        "city: {id}, the only one of the store: {inside} of the first {count} places lie in it"
    );
    Ok((id.to_string(), note))
}

/// Refuses, as `--time-zone`, another time zone than a city of the store has.
///
/// # Errors
/// The refusal.
pub fn keeps_zone(known: &Jurisdiction, time_zone: Option<&str>) -> Result<()> {
    let (id, zone) = (&known.id, &known.time_zone);
    let Some(other) = time_zone.filter(|other| other != zone) else { return Ok(()) };
    let message = message!(
        "n’est pas le fuseau horaire de {id}, {zone} ; « city set » le change",
        "is not the time zone of {id}, {zone}; 'city set' changes it"
    );
    Err(Refusal::new("--time-zone", other, message).into())
}

/// A new city whose time zone nobody knows: refused where times depend on it, otherwise said.
fn without_zone(id: &str, needs_zone: bool) -> Result<Message> {
    if needs_zone {
        let message = message!(
            "manque : les heures du fichier n’ont pas de décalage et la ville est nouvelle \
             (--time-zone ZONE, un nom IANA tel qu’Europe/Paris ou America/Toronto)",
            "is missing: the times of the file have no offset and the city is new \
             (--time-zone ZONE, an IANA name such as Europe/Paris or America/Toronto)"
        );
        return Err(Refusal::new("--time-zone", "", message).into());
    }
    Ok(message!(
        "fuseau horaire : UTC, faute d’autre ; city set {id} --time-zone le change",
        "time zone: UTC, as no other is known; city set {id} --time-zone changes it"
    ))
}
