//! Dates of which a spreadsheet has exchanged day and month: a file that writes 03/14/2026, opened
//! by a program that reads the day first. It turns 03/04/2026 into the 3rd of April and leaves the
//! dates that have no such day as texts.

use crate::i18n::Message;
use crate::ingest::time::calendars::WrittenForm;
use crate::ingest::time::text::{WrittenDate, written};
use crate::message;

/// Least number of dates of each kind, and of both together, that show it. Of other files, a date
/// has a day of 12 or less in two of five rows.
const EACH_MIN: u64 = 2;
const BOTH_MIN: u64 = 6;
/// The last number that may be a month.
const MONTHS: i8 = 12;

/// Dates of one column, by whether their day may be a month.
#[derive(Debug, Default)]
pub struct ExchangedDates {
    /// Dates with the year first, as those of a spreadsheet's cells: of a day up to 12, later.
    cells: [u64; 2],
    /// Texts of two numbers and a year: both numbers up to 12, one above.
    texts: [u64; 2],
    /// The first of each.
    examples: [Option<String>; 2],
}

impl ExchangedDates {
    /// Looks at the text of a time.
    pub fn add(&mut self, text: &str) {
        let Some(parts) = written(text) else { return };
        let (of, kind, day) = match parts.date {
            WrittenDate::Sure(date)
                if parts.form == WrittenForm::Numbers && is_year_first(text) =>
            {
                (&mut self.cells, 0, date.day())
            }
            WrittenDate::Either { first, second, .. } => (&mut self.texts, 1, first.max(second)),
            WrittenDate::Sure(_) => return,
        };
        let [months, days] = of;
        *(if day > MONTHS { days } else { months }) += 1;
        if let Some(example) = self.examples.get_mut(kind) {
            example.get_or_insert_with(|| text.to_owned());
        }
    }

    /// Why the dates of a field cannot be trusted; `None` where they are not divided so.
    pub fn doubt(&self, field: &str) -> Option<Message> {
        let ([cells, 0], [0, texts]) = (self.cells, self.texts) else { return None };
        let are_enough = cells.min(texts) >= EACH_MIN && cells + texts >= BOTH_MIN;
        let [Some(cell), Some(text)] = self.examples.each_ref().map(Option::as_deref) else {
            return None;
        };
        are_enough.then(|| {
            message!(
                "{field} : {cells} dates comme « {cell} » ont toutes un jour de 12 au plus, et \
                 {texts} textes comme « {text} » un jour après le 12 : un tableur a sans doute \
                 interverti jour et mois des premières. Exportez de nouveau la source ; \
                 --date-order dmy ou mdy les lit telles quelles",
                "{field}: {cells} dates such as '{cell}' all have a day up to 12, and {texts} \
                 texts such as '{text}' a later one: a spreadsheet has probably exchanged day \
                 and month of the former. Export the source again; --date-order dmy or mdy reads \
                 them as they are"
            )
        })
    }
}

fn is_year_first(text: &str) -> bool {
    let digits = text.trim().bytes().take_while(u8::is_ascii_digit).count();
    digits == 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_in_cells_and_in_texts_are_divided_by_their_days() {
        let is_doubt = |texts: &[&str]| {
            let mut dates = ExchangedDates::default();
            texts.iter().for_each(|text| dates.add(text));
            dates.doubt("requested").is_some()
        };
        let texts = ["03/14/2026", "03/15/2026 10:00", "03/31/2026"];
        let cells = ["2026-01-03", "2026-12-03T10:00:00", "2026-07-03"];
        assert!(is_doubt(&[texts, cells].concat()));
        assert!(is_doubt(&[["14.03.2026", "15.03.2026 10:00", "31.3.2026"], cells].concat()));
        for other in ["2026-01-13", "03/04/2026"] {
            assert!(!is_doubt(&[&texts[..], &cells[..], &[other][..]].concat()), "{other}");
        }
        for few in [&texts[..], &cells[..], &[texts[0], cells[0]][..]] {
            assert!(!is_doubt(few));
        }
        let named = ["3 Mar 2026", "4 Mar 2026", "5 Mar 2026"];
        assert!(!is_doubt(&[texts, named].concat()));
    }
}
