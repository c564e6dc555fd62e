//! The beginning of requests in a column of times whose name does not say it, where it is the only
//! other column of times.

#![expect(
    clippy::indexing_slicing,
    reason = "columns and their samples have one entry for each number of a column"
)]

use crate::i18n::Message;
use crate::ingest::column::guess::SURE;
use crate::ingest::column::values::clocks;
use crate::ingest::column::words::split;
use crate::ingest::recognition::recognised::{RecognisedColumn, Recognition};
use crate::message;

/// Certainty of the only other column of times.
const ONLY: f64 = 0.71;

/// The part of the rows that have such a time, and of those in which it is not after the others, at
/// least; every request has begun, and before anything else happened.
const FILLED_MIN: f64 = 0.95;
const BEFORE_MIN: f64 = 0.95;

/// Rows with two times that show their order.
const ROWS_MIN: usize = 3;

/// Beginnings of words for what happens later, or for the file itself, without accents, in English,
/// French, German, Spanish, Italian, Portuguese, Dutch and Polish.
const LATER: &str = "\
    assign dispatch schedul inspect visit print export extract download publish load import \
    refresh birth effective expir install permit approv review arriv acknowledg respon first \
    followup work service plan invoice bill paid sync archiv process survey photo picture \
    affect attrib planif interven imprim extrait publi naissance valid installation visite \
    zugewies zuweis zustand begonnen geprueft gepruft geburt stand abruf druck \
    asign visita inspecc impres nacimient vencim aprob atencion respuesta \
    assegn sopralluog stampa nascita scaden approv rispost \
    atribu encaminh vistoria impress nasciment aprov respost \
    toegewezen inplan ingepland bezoek inspectie geboorte afdruk \
    przydziel wizyt kontrol urodz wydruk odpowied";

impl Recognition {
    /// Where no column surely has the beginnings of requests, the only other column of times has
    /// them, if all rows have one and it is not after the times of later events.
    pub fn take_only_beginning(&mut self) {
        let guessed = |at: usize, wanted: &str, least: f64| {
            let guess = self.columns[at].guess;
            guess.is_some_and(|(field, sure)| field == wanted && sure >= least)
        };
        let all = || 0..self.columns.len();
        if all().any(|at| guessed(at, "requested", SURE)) {
            return;
        }
        let mut may_be = all().filter(|at| guessed(*at, "requested", 0.0));
        let (Some(only), None) = (may_be.next(), may_be.next()) else { return };
        let later: Vec<usize> = all()
            .filter(|at| ["closed", "updated"].iter().any(|field| guessed(*at, field, SURE)))
            .filter(|at| self.values[*at].filled > 0)
            .collect();
        let says_later = split(&self.columns[only].bare)
            .iter()
            .any(|word| LATER.split_whitespace().any(|stem| word.starts_with(stem)));
        let filled = f64::from(self.values[only].filled);
        let is_everywhere = filled >= FILLED_MIN * f64::from(self.rows);
        if !says_later && is_everywhere && later.iter().all(|other| self.is_before(only, *other)) {
            self.columns[only].guess = Some(("requested", ONLY));
        }
    }

    /// Are the times of a column not after those of another in nearly all rows, in one order of day
    /// and month?
    fn is_before(&self, first: usize, second: usize) -> bool {
        let (firsts, seconds) = (self.values[first].texts(), self.values[second].texts());
        clocks().iter().any(|clock| {
            let second_of = |text: &str| clock.read(text).ok().map(|(time, _)| time.second());
            let last_of = |text: &str| clock.read(text).ok().map(|(time, _)| time.last_second());
            let orders: Vec<bool> = firsts
                .iter()
                .filter_map(|(row, text)| Some((second_of(text)?, last_of(seconds.get(row)?)?)))
                .map(|(begun, later)| begun <= later)
                .collect();
            let before = orders.iter().filter(|is_before| **is_before).count();
            orders.len() >= ROWS_MIN && before as f64 >= BEFORE_MIN * orders.len() as f64
        })
    }

    /// That the beginnings are read from the only other column of times, where they are.
    pub fn only_beginning_in_words(&self) -> Option<Message> {
        let is_it = |column: &&RecognisedColumn| {
            column.field == Some("requested") && column.guess == Some(("requested", ONLY))
        };
        let name = &self.columns.iter().find(is_it)?.name;
        Some(message!(
            "requested : lu dans « {name} », la seule autre colonne d’heures",
            "requested: read from '{name}', the only other column of times"
        ))
    }
}
