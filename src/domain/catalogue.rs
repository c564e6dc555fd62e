//! The catalogue of services of a jurisdiction: what reports can be about, in groups.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use deunicode::deunicode_char;

use crate::domain::{Attribute, GroupWords, Nature};
use crate::error::Refusal;
use crate::i18n::Message;
use crate::message;

/// A service's stable code: a slug such as `nid-de-poule`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceCode(Arc<str>);

impl ServiceCode {
    /// Longest code, in characters.
    pub const CHARS_MAX: usize = 80;

    /// An empty code, for a report whose fields are about to be read.
    pub(super) fn blank() -> Self {
        Self(Arc::default())
    }

    /// Checks a slug: lower-case ASCII letters and digits, joined by single hyphens.
    pub fn new(text: &str) -> Option<Self> {
        let parts_ok = text.split('-').all(|part| {
            !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        (parts_ok && text.len() <= Self::CHARS_MAX).then(|| Self(text.into()))
    }

    /// The slug of any name: accents dropped, letters of other scripts transliterated (`Парк` is
    /// `park`), other signs become hyphens. A name without a letter or digit becomes `autre`.
    pub fn slug(name: &str) -> Self {
        let mut slug = String::with_capacity(name.len());
        let mut gap = false;
        let mut push = |letters: &str, gap: &mut bool| {
            if *gap && !slug.is_empty() {
                slug.push('-');
            }
            *gap = false;
            slug.extend(letters.chars().map(|c| c.to_ascii_lowercase()));
        };
        for c in fold(name).chars() {
            if c.is_ascii_alphanumeric() {
                push(c.encode_utf8(&mut [0; 4]), &mut gap);
                continue;
            }
            // A syllable of a script without spaces ends in one: `路灯` is `lu-deng`.
            let letters = deunicode_char(c).filter(|_| c.is_alphanumeric()).unwrap_or(" ");
            let plain: String = letters.chars().filter(char::is_ascii_alphanumeric).collect();
            if !plain.is_empty() {
                push(&plain, &mut gap);
            }
            gap |= plain.is_empty() || letters.ends_with(' ');
        }
        slug.truncate(Self::CHARS_MAX);
        let slug = slug.trim_end_matches('-');
        Self(if slug.is_empty() { "autre" } else { slug }.into())
    }

    /// The code with a number appended, for another service of the same slug: `park-2`.
    pub fn numbered(&self, number: usize) -> Self {
        let ending = format!("-{number}");
        let kept = &self.0[..self.0.len().min(Self::CHARS_MAX - ending.len())];
        Self(format!("{}{ending}", kept.trim_end_matches('-')).into())
    }

    /// The slug.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for ServiceCode {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServiceCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What two spellings of one service's name have in common: the words in lower case, without
/// hyphens, punctuation and asterisks. Accents stay, for `Łąka` is no `Laka`, and so do signs such
/// as `+` and `<` and pictures such as `🌳`.
pub fn name_key(name: &str) -> String {
    let lower = name.to_lowercase();
    let is_mark = |c: char| ('\u{2010}'..='\u{205e}').contains(&c) || "«»·¡¿".contains(c);
    let is_sign = |c: char| "+<>=%#&$€".contains(c) || !(c.is_ascii() || is_mark(c));
    let counts = |c: char| c.is_alphanumeric() || is_sign(c) && !c.is_whitespace();
    let words = lower.split(|c: char| !counts(c)).filter(|word| !word.is_empty());
    let key = words.collect::<Vec<_>>().join(" ");
    if key.is_empty() { lower } else { key }
}

/// Lower case without the accents of the Latin languages: `Éclairage` becomes `eclairage`.
pub fn fold(text: &str) -> String {
    // Most words of imports are ASCII: imports spend a twelfth of their time here otherwise.
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match plain(c) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(c),
        }
    }
    folded
}

/// The letters without an accent for a lower-case letter with one, and `'` for the typographic
/// apostrophe; `None` for other characters.
pub(super) fn plain(c: char) -> Option<&'static str> {
    Some(match c {
        'à' | 'â' | 'ä' | 'á' | 'ã' | 'å' | 'ą' | 'ă' => "a",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' => "d",
        'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'î' | 'ï' | 'í' | 'ì' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ô' | 'ö' | 'ó' | 'ò' | 'õ' | 'ø' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'š' | 'ş' | 'ș' => "s",
        'ť' | 'ț' => "t",
        'ù' | 'û' | 'ü' | 'ú' | 'ů' | 'ű' => "u",
        'ÿ' | 'ý' => "y",
        'ź' | 'ż' | 'ž' => "z",
        // An accent that follows its letter, as in decomposed Unicode.
        '\u{300}'..='\u{36f}' => "",
        'œ' => "oe",
        'æ' => "ae",
        'ß' => "ss",
        '’' => "'",
        _ => return None,
    })
}

/// The distinct pairs of adjacent characters, sorted. Characters between words count as one space.
fn bigrams(text: &str) -> Vec<[char; 2]> {
    let folded = fold(text);
    let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let joined: Vec<char> = words.collect::<Vec<_>>().join(" ").chars().collect();
    let mut pairs: Vec<[char; 2]> = joined.windows(2).map(|pair| [pair[0], pair[1]]).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// A group of services, such as roads or snow.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Slug: `voirie`, `neige`…
    pub code: String,
    /// Its names.
    pub names: Message,
    /// Words by which a category of a source is assigned to this group.
    pub words: GroupWords,
    /// As `words`, of common words: they decide only where no group has a better one.
    pub weak_words: GroupWords,
    /// How serious unattended problems are for people, from 1 to 5.
    pub severity: u8,
}

/// A service: one kind of request.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Stable slug.
    pub code: ServiceCode,
    /// Its names; a service made from a source's category has the original name in both languages.
    pub names: Message,
    /// What it covers, in a sentence; empty for a source's category.
    pub descriptions: Message,
    /// Code of its [`Group`].
    pub group: String,
    /// The nature of its reports unless the sender gives another.
    pub nature: Nature,
    /// Other names that people use, in both languages.
    pub synonyms: Vec<String>,
    /// Open311 keywords.
    pub keywords: Vec<String>,
    /// The questions that it asks the sender, in order.
    pub attributes: Vec<Attribute>,
}

impl Service {
    /// Whether its name says that it is a pickup or visit by appointment. A second request is then
    /// a new appointment and no sign of a failed repair.
    pub fn is_appointment(&self) -> bool {
        const STEMS: [&str; 5] = ["encombrant", "bulk", "schedule", "rendez", "appointment"];
        let names = fold(&format!("{} {}", self.names.fr, self.names.en));
        let mut words = names.split(|c: char| !c.is_alphanumeric());
        words.any(|word| STEMS.iter().any(|stem| word.starts_with(stem)))
    }
}

/// The services of one jurisdiction and the groups they are in.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    groups: Vec<Group>,
    services: Vec<Arc<Service>>,
    by_code: HashMap<ServiceCode, usize>,
}

impl Catalogue {
    /// A catalogue of groups without services. The last group receives the services that fit no
    /// other.
    pub fn new(groups: Vec<Group>) -> Self {
        Self { groups, ..Self::default() }
    }

    /// Adds a service, or replaces the one with the same code.
    pub fn add(&mut self, service: Service) {
        let code = service.code.clone();
        match self.by_code.get(&code) {
            Some(at) => self.services[*at] = Arc::new(service),
            None => {
                self.by_code.insert(code, self.services.len());
                self.services.push(Arc::new(service));
            }
        }
    }

    /// The service with this code.
    pub fn get(&self, code: &str) -> Option<&Arc<Service>> {
        self.by_code.get(code).map(|at| &self.services[*at])
    }

    /// All services, in the order they were added.
    pub fn services(&self) -> &[Arc<Service>] {
        &self.services
    }

    /// All groups.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Codes of the services in the group `code`; empty if there is no such group.
    pub fn in_group(&self, code: &str) -> Vec<ServiceCode> {
        let members = self.services.iter().filter(|service| service.group == code);
        members.map(|service| service.code.clone()).collect()
    }

    /// The severity of the group of a service, from 0 to 1; 0.5 if it is unknown.
    pub fn severity(&self, code: &str) -> f64 {
        let group = self.get(code).map(|service| &service.group);
        let known = self.groups.iter().find(|known| Some(&known.code) == group);
        known.map_or(0.5, |group| (f64::from(group.severity) - 1.0) / 4.0)
    }

    /// The group of a category with this name: the group of its first word that a group has, else
    /// of its first word that a group has as a weak one, else the last group. Of several groups the
    /// one whose entry fits the word best counts. Words of the last group say nothing.
    pub fn guess_group(&self, name: &str) -> &str {
        let folded = fold(name);
        let words = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<&str> = words.collect();
        let last = self.groups.last().map_or("", |group| group.code.as_str());
        let pick = |of: fn(&Group) -> &GroupWords| {
            (0..words.len()).find_map(|at| {
                let fits =
                    self.groups.iter().rev().filter_map(|group| {
                        Some((of(group).fit(&words[at..])?, group.code.as_str()))
                    });
                let best = fits.max_by_key(|(fit, _)| *fit).map(|(_, code)| code);
                best.filter(|code| *code != last)
            })
        };
        pick(|group| &group.words).or_else(|| pick(|group| &group.weak_words)).unwrap_or(last)
    }

    /// Codes of the services that `text` may mean, the most similar first: those whose code,
    /// name or synonym has a similarity to it of at least a third (Dice's coefficient of pairs of
    /// adjacent letters, 1945).
    pub fn meant_by(&self, text: &str, limit: usize) -> Vec<&str> {
        const LEAST: f64 = 1.0 / 3.0;
        let (wanted, begun) = (bigrams(text), fold(text.trim()));
        let likeness = |name: &str| {
            let known = bigrams(name);
            // The beginning of a word stands for the word.
            let mut words = name.split(|c: char| !c.is_alphanumeric());
            if begun.len() > 2 && words.any(|word| fold(word).starts_with(&begun)) {
                return 1.0;
            }
            let both = known.iter().filter(|pair| wanted.contains(pair)).count();
            2.0 * both as f64 / (known.len() + wanted.len()).max(1) as f64
        };
        let best = |service: &Service| {
            let names = [service.code.as_str(), &service.names.fr, &service.names.en];
            let all = names.into_iter().chain(service.synonyms.iter().map(String::as_str));
            all.map(likeness).fold(0.0, f64::max)
        };
        let scored = self.services.iter().map(|service| (best(service), service.code.as_str()));
        let mut scored: Vec<(f64, &str)> = scored.filter(|(score, _)| *score >= LEAST).collect();
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        scored.into_iter().take(limit).map(|(_, code)| code).collect()
    }

    /// The refusal of an unknown service; it suggests the most similar ones.
    pub fn unknown(&self, field: &str, code: &str) -> Refusal {
        let near = self.meant_by(code, 3).join(", ");
        let words = match near.as_str() {
            "" => message!(
                "n’est pas un service de cette ville ; voir /api/v1/services",
                "is not a service of this city; see /api/v1/services"
            ),
            near => message!(
                "n’est pas un service de cette ville ; peut-être {near} ? Voir /api/v1/services",
                "is not a service of this city; perhaps {near}? See /api/v1/services"
            ),
        };
        Refusal::new(field, code, words)
    }

    /// A service made from a category of a source. `hint` is the code of its group or other words
    /// of the source; the group is guessed from the name and the hint.
    pub fn adopt(&self, name: &str, hint: Option<&str>, nature: Nature) -> Service {
        let named = self.groups.iter().find(|group| Some(group.code.as_str()) == hint);
        let group = match (named, hint) {
            (Some(group), _) => group.code.clone(),
            (None, Some(hint)) => self.guess_group(&format!("{name} {hint}")).to_owned(),
            (None, None) => self.guess_group(name).to_owned(),
        };
        Service {
            code: ServiceCode::slug(name),
            names: Message { fr: name.to_owned(), en: name.to_owned() },
            descriptions: Message::default(),
            group,
            nature,
            synonyms: Vec::new(),
            keywords: Vec::new(),
            attributes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found() {
        let mut catalogue = Catalogue::new(vec![]);
        for name in ["Nid-de-poule", "Lampadaire éteint", "Graffiti", "Nettoyage de rue"] {
            catalogue.add(catalogue.adopt(name, None, Nature::Intervention));
        }
        for (typed, meant) in [
            ("nids de poules", "nid-de-poule"),
            ("LAMPADAIRES", "lampadaire-eteint"),
            ("grafiti", "graffiti"),
            ("net", "nettoyage-de-rue"),
        ] {
            assert_eq!(catalogue.meant_by(typed, 3).first(), Some(&meant), "{typed}");
        }
        assert!(catalogue.meant_by("xyz", 3).is_empty() && catalogue.meant_by("", 3).is_empty());
    }

    #[test]
    fn slugs() {
        for (name, slug) in [
            ("Nid-de-poule", "nid-de-poule"),
            ("*Z-ÉCLAIRAGE  existant", "z-eclairage-existant"),
            ("Extermination à l'extérieur - Rats", "extermination-a-l-exterieur-rats"),
            ("Missed Trash/Recycling/Yard Waste", "missed-trash-recycling-yard-waste"),
            ("???", "autre"),
            ("Парк", "park"),
            ("路灯", "lu-deng"),
            ("Łódź: ławka", "lodz-lawka"),
            ("E\u{301}clairage", "eclairage"),
            ("N° 3", "n-3"),
        ] {
            assert_eq!(ServiceCode::slug(name).as_str(), slug);
            assert!(ServiceCode::new(slug).is_some());
        }
        let long = ServiceCode::slug(&"x".repeat(200));
        assert_eq!(long.as_str().len(), ServiceCode::CHARS_MAX);
        assert_eq!(long.numbered(12).as_str().len(), ServiceCode::CHARS_MAX);
        assert_eq!(ServiceCode::slug("Park").numbered(2).as_str(), "park-2");
        assert_eq!(name_key("*Z-Nid-de-poule  ancien"), name_key("z nid de poule (ancien)"));
        assert_ne!(name_key("Парк"), name_key("Park"));
        assert_ne!(name_key("A+"), name_key("A"));
        for (one, other) in [
            ("?", "!"),
            ("Straße", "Strasse"),
            ("Café", "Cafe"),
            ("Cafe\u{301}", "Cafe"),
            ("Łąka", "Laka"),
            ("Tree 🌳", "Tree 🚗"),
            ("🌳", "🚗"),
        ] {
            assert_ne!(name_key(one), name_key(other));
        }
        assert_eq!(name_key("CAFÉ – bruit*"), name_key("café, Bruit"));
        assert!(ServiceCode::new("Nid de poule").is_none());
        assert!(ServiceCode::new("a--b").is_none());
    }
}
