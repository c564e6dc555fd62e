//! Names of columns that were read in the wrong encoding, so that their words are not known.

use crate::i18n::Message;
use crate::ingest::column::words::NameWords;
use crate::ingest::garbled::{is_garbled, possibly_meant};
use crate::ingest::recognition::recognised::Recognition;
use crate::message;

impl Recognition {
    /// A name that seems to be of another encoding, with what it was meant to be; `None` where all
    /// names are as they were written.
    pub fn garbled_name(&self) -> Option<Message> {
        let names = self.columns.iter().map(|column| &column.name);
        let mut found = names.filter(|name| is_garbled(name)).filter_map(|name| {
            let meant = possibly_meant(name).into_iter();
            let (meant, encoding) = meant.min_by_key(|(text, _)| NameWords::of(text).unknown)?;
            Some((name, meant, encoding))
        });
        let (name, meant, encoding) = found.next()?;
        Some(message!(
            "les noms des colonnes, comme « {name} », sont sans doute d’un autre encodage \
             (« {meant} » en {encoding}) : enregistrez le fichier en UTF-8, ou --encoding",
            "the names of the columns, such as '{name}', are probably in another encoding \
             ('{meant}' in {encoding}): save the file as UTF-8, or --encoding"
        ))
    }
}
