//! What the columns of a file of a built-in layout are read as, from a sample of its rows.

use crate::domain::{Channel, fold};
use crate::error::Result;
use crate::ingest::column::values::ColumnSample;
use crate::ingest::notes::noticed::status_word;
use crate::ingest::profile::document::status;
use crate::ingest::recognition::guesses::channel_of_words;
use crate::ingest::recognition::inspection::{InspectedColumn, columns_of_profile};
use crate::ingest::source::file::SourceFile;
use crate::ingest::status::words::status_of_words;
use crate::ingest::survey::rows::TIMES;

/// A word of the column of statuses or of channels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnWord {
    /// `status` or `channel`.
    pub field: &'static str,
    /// The word as the source writes it.
    pub word: String,
    /// Its rows in the sample.
    pub count: u32,
    /// What it is read as, in this service's words: `open`, `closed:duplicate`, `phone`.
    pub read_as: String,
    /// The layout or a list of usual words has it.
    pub known: bool,
}

/// What a sample of a file of a built-in layout shows.
#[derive(Debug, Clone)]
pub struct ProfileColumns {
    /// Rows of the sample.
    pub rows: u32,
    /// Every column, in the order of the file.
    pub columns: Vec<InspectedColumn>,
    /// The words of statuses and channels, the most frequent first.
    pub words: Vec<ColumnWord>,
    /// Some times have no offset: the city's time zone matters.
    pub needs_time_zone: bool,
    /// Some column of times has a value.
    pub has_times: bool,
}

impl SourceFile {
    /// Reads a sample of the rows.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn profile_columns(&self) -> Result<ProfileColumns> {
        let sample = self.recognise()?;
        let columns = columns_of_profile(self, &sample, &[]);
        let fields = columns.iter().map(|column| column.field.as_deref());
        let values: Vec<(Option<&str>, &ColumnSample)> = fields.zip(&sample.values).collect();
        let times = values.iter().filter(|(field, values)| {
            field.is_some_and(|field| TIMES.contains(&field)) && values.filled > 0
        });
        let (mut has_times, mut needs_time_zone) = (false, false);
        for (_, values) in times {
            has_times = true;
            needs_time_zone |= values.local_times > 0 || self.profile().utc_suffix_is_local;
        }
        let mut words = Vec::new();
        for (field, values) in &values {
            let read: fn(&SourceFile, &str) -> (String, bool) = match field {
                Some("status") => SourceFile::status_of,
                Some("channel") => SourceFile::channel_of,
                _ => continue,
            };
            let field = if *field == Some("status") { "status" } else { "channel" };
            words.extend(values.distinct.iter().map(|(word, count)| {
                let (read_as, known) = read(self, word);
                ColumnWord { field, word: word.clone(), count: *count, read_as, known }
            }));
        }
        words.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.word.cmp(&b.word)));
        Ok(ProfileColumns { rows: sample.rows, columns, words, needs_time_zone, has_times })
    }

    fn status_of(&self, word: &str) -> (String, bool) {
        let folded = fold(word);
        let declared = self.profile().status.get(&folded).and_then(|word| status(word));
        let known = declared.or_else(|| status(&folded)).or_else(|| status_of_words(word));
        match known {
            Some((status, reason)) => (status_word(status, reason), true),
            None => ("open, or closed where there is a closing time".to_owned(), false),
        }
    }

    fn channel_of(&self, word: &str) -> (String, bool) {
        let folded = fold(word);
        let declared = self.profile().channel.get(&folded).map_or(&*folded, String::as_str);
        let known = Channel::parse(declared).or_else(|| channel_of_words(word));
        let default = || self.profile().defaults.channel.as_deref().and_then(Channel::parse);
        let taken = known.or_else(default).unwrap_or(Channel::Import);
        (taken.to_string(), known.is_some())
    }
}
