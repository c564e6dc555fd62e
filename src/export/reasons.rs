//! Why two reports may be duplicates, as a sentence in French or English.

use std::fmt::Write as _;

use crate::i18n::Language;
use crate::i18n::format::counted;
use crate::query::{CandidateFacts, Relation};

/// A duration in hours, written in minutes below one hour, in days from 48 hours on.
fn duration(hours: f64, language: Language) -> String {
    let french = language == Language::French;
    let (value, one, other) = match hours {
        h if h * 60.0 < 1.0 => {
            let text = if french { "moins d’une minute" } else { "less than a minute" };
            return text.into();
        }
        h if h < 1.0 => (h * 60.0, "minute", "minutes"),
        h if h < 48.0 && french => (h, "heure", "heures"),
        h if h < 48.0 => (h, "hour", "hours"),
        h if french => (h / 24.0, "jour", "jours"),
        h => (h / 24.0, "day", "days"),
    };
    counted(value.round(), language, one, other)
}

/// A likeness from 0 to 1 as a percentage, rounded to ten. Only texts without a difference have
/// 100: what is just below has 90.
fn tens(likeness: f64) -> u8 {
    if likeness >= 0.995 { 100 } else { ((likeness * 10.0).round() as u8).min(9) * 10 }
}

/// The reasons in one sentence. A candidate at most `accuracy_m` metres away counts as being at the
/// same place.
pub fn sentence(candidate: &CandidateFacts, accuracy_m: f64, language: Language) -> String {
    let french = language == Language::French;
    let mut text = String::with_capacity(120);
    let say = |fr: &'static str, en: &'static str| if french { fr } else { en };
    let (far, ago) = (candidate.distance.0, duration(candidate.hours, language));
    let _ = match (french, far <= accuracy_m.max(1.0)) {
        (true, true) => write!(text, "Au même endroit ({far:.0} m), il y a {ago}"),
        (true, false) => write!(text, "À {far:.0} m, il y a {ago}"),
        (false, true) => write!(text, "At the same place ({far:.0} m), {ago} ago"),
        (false, false) => write!(text, "{far:.0} m away, {ago} ago"),
    };
    text += match candidate.relation {
        Relation::Same => say(", même service", ", same service"),
        Relation::Related => say(", service apparenté", ", related service"),
        Relation::Other => say(", autre service", ", other service"),
    };
    text += match candidate.same_street {
        Some(true) => say(", même rue", ", same street"),
        Some(false) => say(", autre rue", ", other street"),
        None => "",
    };
    if let Some(likeness) = candidate.likeness {
        let _ = match (tens(likeness), french) {
            (0, true) => write!(text, ", textes différents"),
            (0, false) => write!(text, ", different texts"),
            (100, true) => write!(text, ", même texte"),
            (100, false) => write!(text, ", same text"),
            (percent, true) => write!(text, ", textes semblables à {percent}\u{a0}%"),
            (percent, false) => write!(text, ", texts {percent}% alike"),
        };
    }
    match (candidate.is_open, candidate.closed_hours) {
        (true, _) => text += say(", encore ouverte", ", still open"),
        (false, None) => text += say(", fermée", ", closed"),
        (false, Some(hours)) => {
            let ago = duration(hours, language);
            let _ = match french {
                true => write!(text, ", fermée il y a {ago}"),
                false => write!(text, ", closed {ago} ago"),
            };
        }
    }
    text.push('.');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Meters;
    use crate::query::FEATURES;

    #[test]
    fn reasons_are_given_in_both_languages() {
        let mut found = CandidateFacts {
            distance: Meters(3.2),
            hours: 5.1,
            relation: Relation::Same,
            is_open: true,
            closed_hours: None,
            same_street: Some(true),
            likeness: Some(0.5),
            features: [0.0; FEATURES.len()],
        };
        assert_eq!(
            sentence(&found, 10.0, Language::French),
            "Au même endroit (3 m), il y a 5 heures, même service, même rue, textes semblables à \
             50\u{a0}%, encore ouverte."
        );
        (found.distance, found.hours, found.is_open) = (Meters(48.7), 0.2, false);
        (found.closed_hours, found.same_street, found.likeness) = (Some(72.0), None, None);
        found.relation = Relation::Related;
        assert_eq!(
            sentence(&found, 10.0, Language::English),
            "49 m away, 12 minutes ago, related service, closed 3 days ago."
        );
        for (likeness, fr, en) in [
            (0.0, "textes différents", "different texts"),
            (0.04, "textes différents", "different texts"),
            (0.06, "textes semblables à 10\u{a0}%", "texts 10% alike"),
            (0.44, "textes semblables à 40\u{a0}%", "texts 40% alike"),
            (0.98, "textes semblables à 90\u{a0}%", "texts 90% alike"),
            (1.0, "même texte", "same text"),
        ] {
            found.likeness = Some(likeness);
            let french = sentence(&found, 10.0, Language::French);
            let english = sentence(&found, 10.0, Language::English);
            assert!(french.contains(&format!(", {fr}, fermée")), "{french}");
            assert!(english.contains(&format!(", {en}, closed")), "{english}");
        }
        for (hours, fr, en) in [
            (0.01, "moins d’une minute", "less than a minute"),
            (0.02, "1 minute", "1 minute"),
            (1.4, "1 heure", "1 hour"),
            (47.0, "47 heures", "47 hours"),
            (48.0, "2 jours", "2 days"),
        ] {
            assert_eq!(duration(hours, Language::French), fr);
            assert_eq!(duration(hours, Language::English), en);
        }
    }
}
