//! What was noticed while a file was read, as sentences in French and English.

use std::collections::HashMap;

use crate::i18n::Message;
use crate::ingest::notes::noticed::{NoPlace, NotedWord, Notes, status_word};
use crate::message;

/// Words and texts of one kind that are named.
const NAMED: usize = 12;

impl Notes {
    /// What was noticed in the rows and is not obvious from their counts: words that no list has,
    /// what was concluded without a status, times that stand for none, why places are missing.
    pub fn in_words(&self) -> Vec<Message> {
        let mut all = self.sentences.clone();
        all.extend(self.times_in_words());
        all.extend(not_known(&message!("mots d’état", "status words"), &self.statuses));
        all.extend(not_known(&message!("mots de canal", "channel words"), &self.channels));
        all.extend(self.statuses_in_words());
        all.extend(self.places_in_words());
        if self.rows_with_entities > 0 {
            let n = self.rows_with_entities;
            all.push(message!(
                "lignes aux entités HTML telles que &amp;, décodées : {n}",
                "rows with HTML entities such as &amp;, decoded: {n}"
            ));
        }
        if self.empty_rows > 0 {
            let n = self.empty_rows;
            all.push(message!("lignes vides : {n}", "empty rows: {n}"));
        }
        all
    }

    fn times_in_words(&self) -> Vec<Message> {
        let mut all = Vec::new();
        let times = self.times.iter().map(|(style, count)| format!("{count} {}", style.shown()));
        let times = times.collect::<Vec<_>>().join(", ");
        if !times.is_empty() {
            all.push(message!("heures écrites ainsi : {times}", "times: {times}"));
        }
        let texts = Self::sorted(&self.no_times, false);
        if let [_, ..] = texts[..] {
            let (fr, en) = (named(&texts, "« ", " »", false), named(&texts, "'", "'", false));
            all.push(message!(
                "textes de la fermeture ou d’une heure plus tardive qui n’en sont pas une : {fr}",
                "texts of the closing or another later time that stand for none: {en}"
            ));
        }
        if self.repeated_hour > 0 {
            let n = self.repeated_hour;
            all.push(message!(
                "fermetures lues comme la seconde de l’heure qui revient à l’automne : {n}",
                "closings read as the second of the hour that comes twice in autumn: {n}"
            ));
        }
        all
    }

    fn statuses_in_words(&self) -> Vec<Message> {
        let mut all = Vec::new();
        if self.closed_by_time > 0 {
            let n = self.closed_by_time;
            all.push(message!(
                "fermées d’après leur seule heure de fermeture : {n}",
                "closed by their closing time alone: {n}"
            ));
        }
        for one in &self.without_status {
            let (n, Message { fr, en }) = (one.count, one.reason());
            let word = status_word(one.taken.0, one.taken.1);
            all.push(message!("{fr} : {n}, lues comme {word}", "{en}: {n}, read as {word}"));
        }
        for (status, n) in &self.closings_not_kept {
            all.push(message!(
                "heures de fermeture non gardées, parce que l’état est {status} : {n}",
                "closing times not kept, because the status is {status}: {n}"
            ));
        }
        all
    }

    fn places_in_words(&self) -> Vec<Message> {
        let mut all = Vec::new();
        if !self.no_place.is_empty() {
            let shown = |language: fn(Message) -> String| {
                let one = |(why, n): (&NoPlace, &u64)| format!("{n} {}", language(why.shown()));
                self.no_place.iter().map(one).collect::<Vec<_>>().join(", ")
            };
            let (fr, en) = (shown(|message| message.fr), shown(|message| message.en));
            all.push(message!("sans position : {fr}", "without a position: {en}"));
        }
        if self.places_at_addresses > 0 {
            let n = self.places_at_addresses;
            all.push(message!(
                "lieux écrits à côté d’une adresse : {n}",
                "places written beside an address: {n}"
            ));
        }
        all
    }
}

/// The words that no list has, with what each was read as; none where all are known.
fn not_known(what: &Message, words: &HashMap<String, NotedWord>) -> Option<Message> {
    let words = Notes::sorted(words, false);
    let (Message { fr, en }, count) = (what, words.len());
    let (fr_words, en_words) = (named(&words, "« ", " »", true), named(&words, "'", "'", true));
    (count > 0).then(|| message!("{fr} inconnus : {fr_words}", "{en} not known: {en_words}"))
}

/// The most frequent texts with their counts between these quotation marks, and, where asked, what
/// they were read as.
fn named(words: &[(&str, &NotedWord)], open: &str, close: &str, with_reading: bool) -> String {
    let one = |(text, noted): &(&str, &NotedWord)| {
        let NotedWord { count, read_as, .. } = noted;
        match with_reading {
            true => format!("{count} {open}{text}{close} → {read_as}"),
            false => format!("{count} {open}{text}{close}"),
        }
    };
    let mut shown: Vec<String> = words.iter().take(NAMED).map(one).collect();
    shown.extend((words.len() > NAMED).then(|| "…".to_owned()));
    shown.join(", ")
}
