//! Columns that no field is read from, because the sample has no value of them, and that have some
//! in later rows.

use crate::i18n::Message;
use crate::ingest::numbers::is_absent;
use crate::ingest::recognition::recognised::Recognition;
use crate::message;

/// Columns that are watched at most: a look at each in every row.
const COLUMNS_MAX: usize = 32;

/// Columns that are watched, and those of which a value came.
#[derive(Debug, Default)]
pub struct LateColumns {
    watched: Vec<(usize, String)>,
    /// Names, each with its first value.
    found: Vec<(String, String)>,
}

impl LateColumns {
    /// The columns of a header of folded names that have no value in the sample.
    pub fn of(sample: &Recognition, header: &[String]) -> Self {
        let is_left = |column: &&crate::ingest::recognition::recognised::RecognisedColumn| {
            let is_empty = column.examples.is_empty() && column.field.is_none();
            is_empty && !column.joined && !column.is_declared && !column.key.is_empty()
        };
        let left = sample.columns.iter().filter(is_left);
        let watched = left.filter_map(|column| {
            let number = header.iter().position(|name| *name == column.key)?;
            Some((number, column.name.clone()))
        });
        Self { watched: watched.take(COLUMNS_MAX).collect(), found: Vec::new() }
    }

    /// Looks at a row. A column is watched until its first value.
    pub fn see<'a>(&mut self, cell: impl Fn(usize) -> Option<&'a str>) {
        if self.watched.is_empty() {
            return;
        }
        let found = &mut self.found;
        self.watched.retain_mut(|(number, name)| {
            let text = cell(*number).filter(|text| !is_absent(text));
            found.extend(text.map(|text| (std::mem::take(name), text.trim().to_owned())));
            text.is_none()
        });
    }

    /// Names of the columns of which a value came.
    pub fn names(&self) -> Vec<String> {
        self.found.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Which columns they are; `None` where there are none.
    pub fn sentence(&self) -> Option<Message> {
        let shown = |open: &str, close: &str| {
            let all = self.found.iter().map(|(name, text)| {
                let text: String = text.chars().take(40).collect();
                format!("{open}{name}{close} ({open}{text}{close})")
            });
            all.collect::<Vec<_>>().join(", ")
        };
        let (fr, en) = (shown("« ", " »"), shown("'", "'"));
        (!self.found.is_empty()).then(|| {
            message!(
                "colonnes laissées de côté parce que les premières lignes n’y ont rien, mais que \
                 d’autres remplissent : {fr} ; un fichier de --mapping les fait lire",
                "columns left out because the first rows have nothing in them, which later rows \
                 fill: {en}; a --mapping file has them read"
            )
        })
    }
}
