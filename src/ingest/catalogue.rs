//! The built-in catalogue, `data/services.toml`.

use serde::Deserialize;

use crate::domain::{
    Attribute, Catalogue, Datatype, Group, GroupWords, Nature, Service, ServiceCode, fold,
};
use crate::i18n::Message;

const SERVICES: &str = include_str!("../../data/services.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    group: Vec<GroupEntry>,
    service: Vec<ServiceEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct GroupEntry {
    code: String,
    fr: String,
    en: String,
    stems: Vec<String>,
    words: Vec<String>,
    weak_stems: Vec<String>,
    weak_words: Vec<String>,
    severity: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceEntry {
    code: String,
    group: String,
    fr: String,
    en: String,
    description_fr: String,
    description_en: String,
    synonyms: Vec<String>,
    nature: Option<String>,
    #[serde(default)]
    attribute: Vec<AttributeEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AttributeEntry {
    code: String,
    /// A word of Open311; none for words that want no answer.
    datatype: Option<String>,
    #[serde(default)]
    required: bool,
    fr: String,
    en: String,
    #[serde(default)]
    hint_fr: String,
    #[serde(default)]
    hint_en: String,
    #[serde(default)]
    values: Vec<ValueEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueEntry {
    key: String,
    fr: String,
    en: String,
}

fn attribute(entry: AttributeEntry) -> Result<Attribute, String> {
    let word = entry.datatype.as_deref().unwrap_or("string");
    let value = |value: ValueEntry| (value.key, Message { fr: value.fr, en: value.en });
    Ok(Attribute {
        variable: entry.datatype.is_some(),
        datatype: Datatype::parse(word).ok_or_else(|| format!("datatype {word}"))?,
        code: entry.code,
        required: entry.required,
        descriptions: Message { fr: entry.fr, en: entry.en },
        hints: Message { fr: entry.hint_fr, en: entry.hint_en },
        values: entry.values.into_iter().map(value).collect(),
    })
}

/// The built-in groups, and with `services` the services of a Québec city in them.
///
/// # Errors
/// What is wrong with the file; a test keeps it right.
pub fn builtin(services: bool) -> Result<Catalogue, String> {
    let file: File = toml::from_str(SERVICES).map_err(|error| error.to_string())?;
    let groups = file.group.into_iter().map(|group| Group {
        code: group.code,
        names: Message { fr: group.fr, en: group.en },
        words: GroupWords { stems: group.stems, words: group.words },
        weak_words: GroupWords { stems: group.weak_stems, words: group.weak_words },
        severity: group.severity,
    });
    let mut catalogue = Catalogue::new(groups.collect());
    for entry in file.service.into_iter().filter(|_| services) {
        let code = ServiceCode::new(&entry.code).ok_or_else(|| format!("code {}", entry.code))?;
        let nature = match entry.nature.as_deref() {
            None => Nature::Intervention,
            Some(word) => Nature::parse(word).ok_or_else(|| format!("nature {word}"))?,
        };
        let group = catalogue.groups().iter().find(|group| group.code == entry.group);
        let group = group.ok_or_else(|| format!("group {}", entry.group))?;
        // Open311 keywords: the group's and the service's names, folded.
        let names = [&group.names.fr, &group.names.en, &entry.fr, &entry.en];
        let keywords = names.map(|name| fold(name)).to_vec();
        catalogue.add(Service {
            code,
            names: Message { fr: entry.fr, en: entry.en },
            descriptions: Message { fr: entry.description_fr, en: entry.description_en },
            group: entry.group,
            nature,
            synonyms: entry.synonyms,
            keywords,
            attributes: entry.attribute.into_iter().map(attribute).collect::<Result<_, _>>()?,
        });
    }
    Ok(catalogue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_complete() {
        let catalogue = builtin(true).unwrap();
        assert!(catalogue.services().len() >= 40);
        for group in catalogue.groups() {
            assert!(!catalogue.in_group(&group.code).is_empty(), "{} is empty", group.code);
        }
        for service in catalogue.services() {
            let texts = [&service.names.fr, &service.names.en];
            assert!(texts.iter().all(|text| !text.is_empty()), "{}", service.code);
            assert!(!service.synonyms.is_empty(), "{}", service.code);
            for question in &service.attributes {
                let list = matches!(
                    question.datatype,
                    Datatype::SingleValueList | Datatype::MultiValueList
                );
                assert_eq!(list, !question.values.is_empty(), "{}", question.code);
                assert!(question.variable || !question.required, "{}", question.code);
                let mut same =
                    service.attributes.iter().filter(|other| other.code == question.code);
                assert!(same.by_ref().count() == 1 && !question.code.contains(['=', '[']));
            }
        }
    }

    #[test]
    fn categories_of_other_cities_find_their_group() {
        let catalogue = builtin(false).unwrap();
        for (name, hint, group) in [
            ("Street Light Outages", "Street Lights", "eclairage"),
            ("Pothole Repair (Internal)", "Highway Maintenance", "voirie"),
            ("Highway Maintenance", "Highway Maintenance", "voirie"),
            ("Schedule a Bulk Item Pickup", "Sanitation", "matieres-residuelles"),
            ("Tree Emergencies", "Trees", "arbres"),
            ("Sidewalk Repair (Make Safe)", "Highway Maintenance", "voirie"),
            ("Traffic Signal Repair", "Signs & Signals", "signalisation"),
            ("Noise - Street/Sidewalk", "", "bruit"),
            ("Noise - Vehicle", "", "bruit"),
            ("Request for Snow Plowing", "Street Cleaning", "neige"),
            ("Extermination à l'extérieur - Rats", "", "animaux"),
            ("Abfall/Sammelstelle", "", "matieres-residuelles"),
            ("Signalisation/Lichtsignal", "", "signalisation"),
            ("Strasse/Trottoir/Platz", "", "voirie"),
            ("Allgemein", "", "autre"),
        ] {
            let service = catalogue.adopt(name, Some(hint), Nature::Intervention);
            assert_eq!(service.group, group, "{name}");
        }
    }
}
