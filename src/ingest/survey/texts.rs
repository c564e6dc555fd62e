//! Texts of a file that were read in the wrong encoding before they came into it.

use crate::ingest::garbled::{is_garbled, of_utf8, possibly_meant};
use crate::ingest::mapping::row_draft::{Mapping, RowCells};
use crate::ingest::status::words::status_of_words;
use crate::ingest::survey::rows::Survey;
use crate::message;

/// Longest text that is shown, in characters.
const SHOWN_CHARS: usize = 60;

impl Survey {
    /// Keeps the first text of a row that was read in the wrong encoding. Words of statuses show
    /// more encodings than texts of all kinds, which may have any sign.
    pub fn texts(&mut self, mapping: &Mapping, row: &impl RowCells) {
        if self.garbled.is_some() {
            return;
        }
        let shown = |text: &str| text.chars().take(SHOWN_CHARS).collect::<String>();
        let statuses = mapping.cells(row, "status").into_iter().filter(|text| is_garbled(text));
        let mut of_status = statuses.filter_map(|text| {
            let all = possibly_meant(text);
            let known = all.iter().find(|(meant, _)| status_of_words(meant).is_some());
            let (meant, encoding) = known.or(all.first())?;
            Some((shown(text), shown(meant), *encoding))
        });
        self.garbled = of_status.next().or_else(|| {
            let fields = ["category", "address", "area", "description"].into_iter();
            let mut texts = fields.flat_map(|field| mapping.cells(row, field));
            texts.find_map(|text| Some((shown(text), shown(&of_utf8(text)?), "UTF-8")))
        });
    }

    /// Says that texts were read in the wrong encoding.
    pub fn tell_garbled(&self, mapping: &mut Mapping) {
        let Some((text, meant, encoding)) = &self.garbled else { return };
        mapping.tell(message!(
            "textes comme « {text} » : sans doute « {meant} » en {encoding}, lu dans un autre \
             encodage avant ce fichier ou par cette lecture ; --encoding en indique un autre",
            "texts such as '{text}': probably '{meant}' in {encoding}, read in another encoding \
             before this file was written or now; --encoding names another"
        ));
    }
}
