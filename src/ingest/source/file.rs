//! A source's file, whatever its format: recognised, read row by row, each row a draft or refused.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::domain::{Jurisdiction, RepeatRule};
use crate::error::{Error, Refusal, Result};
use crate::i18n::Message;
use crate::ingest::column::late::LateColumns;
use crate::ingest::mapping::naming::RowNaming;
use crate::ingest::mapping::row_draft::{MappedRow, Mapping, RowCells};
use crate::ingest::notes::noticed::{NoPlace, Notes};
use crate::ingest::notes::refused_rows::{OriginalRow, SourceReading};
use crate::ingest::place::no_place::no_place;
use crate::ingest::profile::document::Profile;
use crate::ingest::profile::gaps::ChosenProfile;
use crate::ingest::profile::wanted::wanted;
use crate::ingest::read::{Cells, Input, ReadOptions, Row, Rows, SourceColumns};
use crate::ingest::recognition::mapping::Declared;
use crate::ingest::recognition::recognised::Recognition;
use crate::ingest::survey::rows::TIMES;
use crate::ingest::time::date_order::DateOrder;
use crate::message;
use crate::place::BBox;

/// The column by which the profile of GeoJSON knows features.
const GEOMETRY: &str = "*geometry";

/// One row of a source.
pub struct SourceRow<'a> {
    /// Line of a table or number of a feature, from 1.
    pub number: u64,
    /// How much of the file has been read, in bytes.
    pub bytes_read: u64,
    /// The draft, or what is wrong.
    pub mapped: std::result::Result<MappedRow, Vec<Refusal>>,
    /// Why the draft has no place.
    pub no_place: Option<NoPlace>,
    /// The text that a field is read from.
    pub text_of: &'a dyn Fn(&str) -> Option<String>,
    /// The row as it is in the source.
    pub raw: OriginalRow<'a>,
    /// Fields of which the source says nothing, by their names in mappings. With the rows of JSON
    /// further columns come, and they become fewer.
    pub unsaid: &'a [&'static str],
    /// To be set where a row with a draft is refused all the same: what was noticed in it does not
    /// count.
    pub is_refused: &'a Cell<bool>,
}

/// Takes rows; answers whether it wants more.
pub type RowSink<'a> = dyn FnMut(SourceRow<'_>) -> bool + 'a;

/// A file and the profile it is read with.
pub struct SourceFile {
    pub(in crate::ingest) input: Input,
    pub(in crate::ingest) profile: Profile,
    strict: bool,
    pub(in crate::ingest) recognition: Option<Recognition>,
    /// Fields with columns that the built-in profile does not name.
    pub(in crate::ingest) added: Vec<(&'static str, String)>,
    reading_notes: RefCell<Vec<Message>>,
    /// What all rows together decided the last time, `key=value`.
    decided: RefCell<Vec<String>>,
    /// The order of day and month of earlier files of the city and of these columns.
    pub(in crate::ingest) order_of_earlier: Cell<Option<DateOrder>>,
    is_refused_rows: bool,
    /// Of a file of refused rows: what its source was read as, `key=value`.
    read_as: Vec<String>,
    /// The only jurisdiction whose rows are read, where the rows name theirs.
    pub(in crate::ingest) only_city: RefCell<Option<String>>,
}

impl SourceFile {
    /// Opens a file: with `mapping`, the text of a profile, or with the built-in profile of this
    /// name; `auto` takes the built-in profile that fits, else what the columns of a sample are
    /// [recognised](Recognition) as.
    ///
    /// # Errors
    /// Not a file, empty, of no known layout, or not of the layout that was named.
    pub fn open(
        path: &Path,
        profile: &str,
        mapping: Option<&str>,
        options: &ReadOptions,
    ) -> Result<Self> {
        let input = Input::open(path, options)?;
        let shown = input.label().to_owned();
        let refuse = |reason: String| {
            let message = crate::i18n::Message { fr: reason.clone(), en: reason };
            Error::from(Refusal::new("file", &shown, message))
        };
        let columns = input.columns_of_points()?;
        let header = columns.folded();
        let profile_error = |field: &str, value: &str, reason: String| {
            let message = crate::i18n::Message { fr: reason.clone(), en: reason };
            Error::from(Refusal::new(field, value, message))
        };
        let (mut recognition, mut added) = (None, Vec::new());
        let (profile, strict) = match (mapping, profile) {
            (Some(text), _) => {
                let read = Profile::parse(text);
                let profile = read.map_err(|reason| profile_error("--mapping", "", reason))?;
                let is_decided = profile.check_decided();
                is_decided.map_err(|reason| profile_error("--mapping", "undecided", reason))?;
                let strict = profile.header.is_empty();
                (profile, strict)
            }
            (None, "auto") => {
                let chosen = ChosenProfile::of(&input, header)?;
                (recognition, added) = (chosen.recognition, chosen.added);
                (chosen.profile, false)
            }
            (None, name) => {
                let read = Profile::builtin(name);
                (read.map_err(|names| profile_error("--profile", name, names))?, false)
            }
        };
        let described = !input.is_table() && mapping.is_some();
        if !described && !profile.fits(header) {
            let (name, wants) = (&profile.name, profile.header.join(", "));
            let has = header.join(", ");
            return Err(refuse(format!("is not of profile '{name}': it wants {wants}; has {has}")));
        }
        let is_refused_rows = columns.read_as.is_some();
        let read_as = columns.read_as.clone().unwrap_or_default();
        let mut source = Self {
            input,
            profile,
            // Their source may have been no table.
            strict: strict && !is_refused_rows,
            order_of_earlier: Cell::default(),
            is_refused_rows,
            recognition,
            added,
            reading_notes: RefCell::default(),
            decided: RefCell::default(),
            read_as,
            only_city: RefCell::default(),
        };
        source.take_over();
        Ok(source)
    }

    /// Reads a file of refused rows as its source was read, except where the profile declares it.
    fn take_over(&mut self) {
        for (key, value) in self.read_as.iter().filter_map(|one| one.split_once('=')) {
            let Ok(said) = Profile::parse(&format!("{key} = {value:?}")) else { continue };
            let profile = &mut self.profile;
            profile.date_order = profile.date_order.take().or(said.date_order);
            profile.point_order = profile.point_order.take().or(said.point_order);
            profile.projection = profile.projection.take().or(said.projection);
            profile.negate = profile.negate.take().or(said.negate);
        }
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// What the columns were recognised as, where no profile or mapping describes the file.
    pub fn recognition(&self) -> Option<&Recognition> {
        self.recognition.as_ref()
    }

    /// Is it a file of rows that an earlier import refused?
    pub fn is_refused_rows(&self) -> bool {
        self.is_refused_rows
    }

    /// Format, encoding and packing.
    pub fn described(&self) -> String {
        self.input.described()
    }

    /// What people should know of how the rows were read the last time.
    pub fn reading_notes(&self) -> Vec<Message> {
        let notes = self.reading_notes.borrow();
        let of_bytes = self.incomplete().into_iter().chain(self.input.encoding_note());
        let of_columns = self.recognition.iter().flat_map(Recognition::notes_of_columns);
        let of_names = of_columns.chain(self.added_in_words());
        of_bytes.chain(of_names).chain(notes.iter().cloned()).collect()
    }

    /// Why the file holds only a part of its publisher's records, where it says so.
    pub fn incomplete(&self) -> Option<Message> {
        self.input.incomplete()
    }

    /// The encoding that was detected and why, where it is not a matter of course.
    pub fn encoding_note(&self) -> Option<Message> {
        self.input.encoding_note()
    }

    /// The `date_order`, the `point_order`, the `projection` or the `negate`: as it is declared,
    /// else as the rows decided it the last time; `None` where neither says it.
    pub fn in_force(&self, key: &str) -> Option<String> {
        let Profile { date_order, point_order, projection, negate, .. } = &self.profile;
        let declared = match key {
            "date_order" => date_order,
            "point_order" => point_order,
            "negate" => negate,
            _ => projection,
        };
        let decided = self.decided.borrow();
        let decided = || decided.iter().find_map(|one| one.strip_prefix(key)?.strip_prefix('='));
        declared.clone().or_else(|| decided().map(str::to_owned))
    }

    /// Size in bytes.
    ///
    /// # Errors
    /// The file is gone.
    pub fn size(&self) -> Result<u64> {
        Ok(std::fs::metadata(self.input.path()).map_err(Error::internal)?.len())
    }

    /// The time zone of a jurisdiction, where the profile or a built-in one says it.
    pub fn time_zone(&self, id: &str) -> Option<String> {
        let of_city = Profile::of_jurisdiction(id).and_then(|known| known.time_zone);
        of_city.or_else(|| self.profile.time_zone.clone())
    }

    /// The jurisdiction as the profile describes it, under another id if one is given.
    ///
    /// # Errors
    /// The id is malformed, or neither given nor in the profile.
    pub fn jurisdiction(&self, id: &str) -> Result<Jurisdiction> {
        let known = crate::domain::JurisdictionId::new(id)
            .map_err(|message| Refusal::new("--jurisdiction", id, message))?;
        let of_city = Profile::of_jurisdiction(id);
        let own = (self.profile.jurisdiction.as_deref() == Some(id)).then_some(&self.profile);
        own.or(of_city.as_ref()).unwrap_or(&self.profile).city_named(known.as_str())
    }

    /// Declares what the profile leaves open.
    ///
    /// # Errors
    /// A word or the projection is not known.
    pub fn declare(&mut self, said: &Declared<'_>) -> Result<()> {
        let Declared { date_order, projection, negate, .. } = *said;
        let declared = |field: &str, text: &str, key: &str| {
            let parsed = Profile::parse(&format!("{key} = {text:?}"));
            parsed.map_err(|_| Error::from(Refusal::new(field, text, wanted(key, text))))
        };
        if let Some(word) = date_order {
            self.profile.date_order = declared("--date-order", word, "date_order")?.date_order;
        }
        if let Some(name) = projection {
            self.profile.projection = declared("--projection", name, "projection")?.projection;
        }
        if let Some(word) = negate {
            self.profile.negate = declared("--negate", word, "negate")?.negate;
        }
        Ok(())
    }

    /// Declares which of the rows of one id wins.
    ///
    /// # Errors
    /// The word is not known.
    pub fn declare_repeats(&mut self, word: &str) -> Result<()> {
        if RepeatRule::parse(word).is_none() {
            let known = RepeatRule::spellings();
            let message = message!(
                "n’est pas parmi les valeurs possibles : {known}",
                "is not one of {known}"
            );
            return Err(Refusal::new("--repeats", word, message).into());
        }
        self.profile.repeats = Some(word.to_owned());
        Ok(())
    }

    /// Which of the rows of one id wins.
    pub fn repeats(&self) -> RepeatRule {
        let declared = self.profile.repeats.as_deref().and_then(RepeatRule::parse);
        declared.unwrap_or(RepeatRule::Newest)
    }

    /// Reads the file as a mapping says, with what its columns were recognised as, if they were.
    ///
    /// # Errors
    /// The mapping is not well formed.
    pub(in crate::ingest) fn describe_as(
        &mut self,
        mapping: &str,
        recognition: Option<Recognition>,
    ) -> Result<()> {
        self.profile = Profile::parse(mapping).map_err(|reason| {
            let message = crate::i18n::Message { fr: reason.clone(), en: reason };
            Error::from(Refusal::new("columns", "", message))
        })?;
        self.recognition = recognition;
        Ok(())
    }

    /// The columns of a sample, with what they would be recognised as without a profile.
    pub(in crate::ingest) fn recognise(&self) -> Result<Recognition> {
        Recognition::of(&self.input)
    }

    /// As [`Self::read`], for the first rows: the look over the rows before takes at most so long.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn preview(
        &self,
        zone: TimeZone,
        extent: Option<BBox>,
        time_max: Duration,
        sink: &mut RowSink<'_>,
    ) -> Result<Notes> {
        self.read_surveyed(zone, extent, false, Some(time_max), sink)
    }

    /// Reads every row into `sink` until it wants no more, after a first look over the rows for
    /// what no single row can show. Wall clocks are of `zone`; `extent` is where swapped
    /// coordinates are noticed by. Returns what was noticed.
    ///
    /// # Errors
    /// The file cannot be read further; rows before have been given. The order of day and month, or
    /// the projection, is not decided: no row has been given.
    pub fn read(
        &self,
        zone: TimeZone,
        extent: Option<BBox>,
        fix_swapped: bool,
        sink: &mut RowSink<'_>,
    ) -> Result<Notes> {
        self.read_surveyed(zone, extent, fix_swapped, None, sink)
    }

    /// What all rows together decide, also those of the source of a file of refused rows.
    fn decide_by_rows(
        &self,
        mapping: &mut Mapping,
        time_max: Option<Duration>,
    ) -> Result<Vec<String>> {
        let mut decided = self.read_as.clone();
        for field in TIMES.iter().filter(|field| decided.contains(&format!("days={field}"))) {
            mapping.take_as_days(field);
        }
        decided.extend(self.profile.negate.iter().map(|word| format!("negate={word}")));
        decided.extend(self.survey(mapping, time_max)?);
        decided.dedup();
        self.decided.replace(decided.clone());
        Ok(decided)
    }

    /// The profile bound to the columns of the file. The reading that names them ends before the
    /// next begins: that of a workbook holds its texts in memory.
    fn mapping_of_columns(
        &self,
        zone: TimeZone,
        extent: Option<BBox>,
        fix_swapped: bool,
    ) -> Result<Mapping> {
        let columns = self.input.rows()?.columns().clone();
        let (profile, names) = (self.profile.clone(), columns.folded());
        let mut mapping =
            Mapping::new(profile, zone, extent, fix_swapped, names).map_err(|reason| {
                let message = crate::i18n::Message { fr: reason.clone(), en: reason };
                Error::from(Refusal::new("projection", "", message))
            })?;
        mapping.order_of_earlier = self.order_of_earlier.get();
        let sample = self.recognition.iter();
        sample.for_each(|sample| mapping.watch(LateColumns::of(sample, names)));
        if self.strict && self.input.is_table() {
            all_found(&mapping, &columns)?;
        }
        Ok(mapping)
    }

    fn read_surveyed(
        &self,
        zone: TimeZone,
        extent: Option<BBox>,
        fix_swapped: bool,
        survey_time_max: Option<Duration>,
        sink: &mut RowSink<'_>,
    ) -> Result<Notes> {
        let mut mapping = self.mapping_of_columns(zone, extent, fix_swapped)?;
        let decided = self.decide_by_rows(&mut mapping, survey_time_max)?;
        let mut rows = self.input.rows()?;
        mapping.resolve(rows.columns().folded());
        let has_geometry = self.profile.header.iter().any(|name| name == GEOMETRY);
        let is_features = has_geometry && !self.input.is_table();
        let reading = SourceReading {
            delimiter: self.input.named_delimiter(),
            decided,
            empty_columns: Vec::from_iter(is_features.then(|| GEOMETRY.to_owned())),
        };
        let (mut count, mut unsaid) = (0, mapping.unsaid());
        let mut anonymous = RowNaming::default();
        let mut row = Row::default();
        loop {
            let known = rows.columns().len();
            if !rows.next(&mut row)? {
                self.input.check_unchanged()?;
                self.reading_notes.replace(rows.notes());
                return Ok(noticed(&mapping, &anonymous, &rows));
            }
            if rows.columns().len() > known {
                mapping.resolve(rows.columns().folded());
                unsaid = mapping.unsaid();
            }
            count += 1;
            let ordinal = count + rows.empty_rows();
            let refusal = row.refusal.take().or_else(|| self.other_city(&row, rows.columns()));
            let mapped = match refusal {
                Some(refusal) => Err(vec![refusal]),
                None => mapping.draft(&row.cells).map(|mut mapped| {
                    anonymous.name(&mut mapped, &row.cells, rows.columns());
                    mapped
                }),
            };
            let bytes_read = rows.bytes_read();
            let is_placed = !matches!(&mapped, Ok((draft, _)) if draft.lon_lat.is_none());
            let no_place = (!is_placed).then(|| no_place(&mapping, &row.cells));
            let (columns, cells) = (rows.columns(), &row.cells);
            let raw =
                OriginalRow { ordinal, columns, cells, record: &row.record, reading: &reading };
            let (number, is_refused) = (row.number, Cell::new(mapped.is_err()));
            let text_of = &|field: &str| mapping.text(&row.cells, field);
            let on = sink(SourceRow {
                number,
                bytes_read,
                mapped,
                no_place,
                text_of,
                raw,
                unsaid: &unsaid,
                is_refused: &is_refused,
            });
            if !is_refused.get() {
                mapping.admitted();
            }
            if !on {
                return Ok(noticed(&mapping, &anonymous, &rows));
            }
        }
    }
}

/// What was noticed in the rows so far.
fn noticed(mapping: &Mapping, anonymous: &RowNaming, rows: &Rows) -> Notes {
    Notes {
        without_id: anonymous.named,
        empty_rows: rows.empty_rows(),
        has_ids: mapping.has_ids(),
        ..mapping.notes()
    }
}

/// Fails where a mapping gives a field columns of which the table has none.
fn all_found(mapping: &Mapping, columns: &SourceColumns) -> Result<()> {
    let missing = mapping.missing();
    let Some(field) = missing.first() else { return Ok(()) };
    let has = columns.folded().join(", ");
    let message = message!(
        "n’a aucune de ses colonnes dans le fichier, qui contient {has}",
        "has none of its columns in the file, which contains {has}"
    );
    Err(Refusal::new("--mapping [columns]", field, message).into())
}

impl RowCells for Cells {
    fn cell(&self, column: usize) -> Option<&str> {
        self.get(column)
    }
}
