//! A source's file, whatever its format: recognised, read row by row, each row a draft or refused.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::tz::TimeZone;
use serde_json::Value;

use crate::domain::Jurisdiction;
use crate::error::{Error, ErrorKind, Refusal, Result};
use crate::ingest::csv::CsvReader;
use crate::ingest::geojson;
use crate::ingest::mapping::{MappedRow, Mapping, RowCells};
use crate::ingest::profile::{Profile, column_name};
use crate::ingest::times::TimeReader;
use crate::message;
use crate::place::BBox;

/// One row of a source.
pub struct SourceRow {
    /// Line of a table or number of a feature, from 1.
    pub number: u64,
    /// How much of the file has been read, in bytes.
    pub bytes_read: u64,
    /// The draft, or what is wrong.
    pub mapped: std::result::Result<MappedRow, Vec<Refusal>>,
    /// The cells as they stood, for the file of refused rows; empty where the row was taken.
    pub raw: Vec<String>,
}

/// Takes rows; answers whether it wants more.
pub type RowSink<'a> = dyn FnMut(SourceRow) -> bool + 'a;

/// A file and the profile it is read with.
pub struct SourceFile {
    path: PathBuf,
    profile: Profile,
    is_json: bool,
    strict: bool,
}

impl SourceFile {
    /// Opens a file: with `mapping`, the text of a profile, or with the built-in profile of this
    /// name; `auto` recognises it by its header.
    ///
    /// # Errors
    /// Not a file, empty, of no known layout, or not of the layout that was named.
    pub fn open(path: &Path, profile: &str, mapping: Option<&str>) -> Result<Self> {
        let shown = path.display().to_string();
        let refuse = |reason: String| {
            let message = crate::i18n::Message { fr: reason.clone(), en: reason };
            Error::from(Refusal::new("file", &shown, message))
        };
        let unreadable = |error: std::io::Error| refuse(error.to_string());
        if std::fs::metadata(path).map_err(unreadable)?.is_dir() {
            return Err(refuse("is a directory, not a file".into()));
        }
        let is_json = match first_sign(path).map_err(unreadable)? {
            None => return Err(refuse("is empty".into())),
            Some(sign) => sign == b'{' || sign == b'[',
        };
        let header = match is_json {
            true => vec!["*geometry".to_owned()],
            false => CsvReader::open(path).map_err(unreadable)?.header,
        };
        let profile_error = |field: &str, value: &str, reason: String| {
            let message = crate::i18n::Message { fr: reason.clone(), en: reason };
            Error::from(Refusal::new(field, value, message))
        };
        let (profile, strict) = match (mapping, profile) {
            (Some(text), _) => {
                let read = Profile::parse(text);
                let profile = read.map_err(|reason| profile_error("--mapping", "", reason))?;
                let strict = profile.header.is_empty();
                (profile, strict)
            }
            (None, "auto") => (Profile::recognise(&header).map_err(refuse)?, false),
            (None, name) => {
                let read = Profile::builtin(name);
                (read.map_err(|names| profile_error("--profile", name, names))?, false)
            }
        };
        let described = is_json && mapping.is_some();
        if !described && !profile.fits(&header) {
            let (name, wants) = (&profile.name, profile.header.join(", "));
            let has = header.join(", ");
            return Err(refuse(format!("is not of profile '{name}': it wants {wants}; has {has}")));
        }
        Ok(Self { path: path.to_owned(), profile, is_json, strict })
    }

    /// The profile.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Size in bytes.
    ///
    /// # Errors
    /// The file is gone.
    pub fn size(&self) -> Result<u64> {
        Ok(std::fs::metadata(&self.path).map_err(Error::internal)?.len())
    }

    /// Digest of the file's bytes and of everything that decides how they are read.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn digest(&self, fix_swapped: bool) -> Result<String> {
        let mut hasher = blake3::Hasher::new();
        hasher
            .update_reader(File::open(&self.path).map_err(Error::internal)?)
            .map_err(Error::internal)?;
        hasher.update(&[u8::from(fix_swapped)]);
        let columns: BTreeMap<_, _> = self.profile.columns.iter().collect();
        hasher.update(format!("{} {columns:?}", self.profile.name).as_bytes());
        Ok(hasher.finalize().to_hex()[..32].to_owned())
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
        let profile = own.or(of_city.as_ref()).unwrap_or(&self.profile);
        let extent = profile.extent.and_then(|[w, s, e, n]| BBox::new(w, s, e, n).ok());
        Ok(Jurisdiction {
            id: known,
            name: profile.city.clone().unwrap_or_else(|| id.to_owned()),
            time_zone: profile.time_zone.clone().unwrap_or_else(|| "UTC".into()),
            extent,
        })
    }

    /// Reads every row into `sink` until it wants no more. Wall clocks are of `zone`; `extent` is
    /// where swapped coordinates are noticed by.
    ///
    /// # Errors
    /// The file cannot be read further; rows before have been given.
    pub fn read(
        &self,
        zone: TimeZone,
        extent: Option<BBox>,
        fix_swapped: bool,
        sink: &mut RowSink<'_>,
    ) -> Result<()> {
        let clock = TimeReader { zone, utc_suffix_is_local: self.profile.utc_suffix_is_local };
        let mapping = |header: &[String]| {
            Mapping::new(self.profile.clone(), clock.clone(), extent, fix_swapped, header).map_err(
                |reason| {
                    let message = crate::i18n::Message { fr: reason.clone(), en: reason };
                    Error::from(Refusal::new("projection", "", message))
                },
            )
        };
        if self.is_json {
            self.read_features(mapping(&[])?, sink)
        } else {
            self.read_table(mapping, sink)
        }
    }

    fn read_table(
        &self,
        mapping: impl Fn(&[String]) -> Result<Mapping>,
        sink: &mut RowSink<'_>,
    ) -> Result<()> {
        let mut table =
            CsvReader::open(&self.path).map_err(|error| self.cut_short(&error.to_string()))?;
        let mapping = mapping(&table.header)?;
        if let (true, [field, ..]) = (self.strict, mapping.missing().as_slice()) {
            let has = table.header.join(", ");
            let message = message!(
                "n’a aucune de ses colonnes dans le fichier, qui contient {has}",
                "has none of its columns in the file, which contains {has}"
            );
            return Err(Refusal::new("--mapping [columns]", field, message).into());
        }
        let mut anonymous = RowNaming::default();
        while let Some(row) =
            table.next_row().map_err(|error| self.cut_short(&error.to_string()))?
        {
            let (mapped, cells) = match row.cells {
                Err((refusal, cells)) => (Err(vec![refusal]), cells),
                Ok(cells) => (mapping.draft(&cells), cells),
            };
            let mapped = mapped.map(|mut mapped| {
                anonymous.name(&mut mapped, cells.iter());
                mapped
            });
            let kept = mapped.is_err().then(|| cells.iter().map(str::to_owned).collect());
            let raw = kept.unwrap_or_default();
            if !sink(SourceRow { number: row.line, bytes_read: row.bytes_read, mapped, raw }) {
                break;
            }
        }
        Ok(())
    }

    fn read_features(&self, mut mapping: Mapping, sink: &mut RowSink<'_>) -> Result<()> {
        let file = File::open(&self.path).map_err(|error| self.cut_short(&error.to_string()))?;
        let mut header: Vec<String> = Vec::new();
        let mut columns: HashMap<String, usize> = HashMap::new();
        let mut anonymous = RowNaming::default();
        let mut number = 0;
        let bytes = Rc::new(Cell::new(0));
        let reader =
            BufReader::with_capacity(1 << 18, CountingReader { file, bytes: bytes.clone() });
        let result = geojson::read(reader, &mut |feature| {
            number += 1;
            let cells = flatten(&feature).map(|pairs| {
                let known = header.len();
                let mut row = vec![None; known];
                for (name, text) in pairs {
                    let at = *columns.entry(name).or_insert_with_key(|name| {
                        header.push(name.clone());
                        header.len() - 1
                    });
                    row.resize(header.len().max(row.len()), None);
                    row[at] = Some(text);
                }
                if header.len() > known {
                    mapping.resolve(&header);
                }
                FeatureCells(row)
            });
            let mapped = cells.map_err(|refusal| vec![refusal]).and_then(|cells| {
                let mut draft = mapping.draft(&cells)?;
                anonymous.name(&mut draft, cells.0.iter().flatten().map(String::as_str));
                Ok(draft)
            });
            let raw = if mapped.is_ok() { Vec::new() } else { vec![feature.to_string()] };
            sink(SourceRow { number, bytes_read: bytes.get(), mapped, raw })
        });
        result.map_err(|reason| self.cut_short(&reason))
    }

    fn cut_short(&self, reason: &str) -> Error {
        let shown = self.path.display();
        Error::new(
            ErrorKind::Invalid,
            message!(
                "La lecture de « {shown} » s’est arrêtée : {reason}",
                "Reading '{shown}' stopped: {reason}"
            ),
        )
    }
}

/// A file that counts what has been read of it.
struct CountingReader {
    file: File,
    bytes: Rc<Cell<u64>>,
}

impl Read for CountingReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.bytes.set(self.bytes.get() + n as u64);
        Ok(n)
    }
}

/// The first byte that is not white space or a BOM.
fn first_sign(path: &Path) -> std::io::Result<Option<u8>> {
    let mut reader = BufReader::new(File::open(path)?);
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let skip = |b: &&u8| !b.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(b);
        if let Some(sign) = buffer.iter().find(skip) {
            return Ok(Some(*sign));
        }
        let read = buffer.len();
        reader.consume(read);
    }
}

/// Names rows that have no id by their contents: the same row of the same file gets the same name
/// again, and the second of two equal rows another.
#[derive(Default)]
struct RowNaming(HashMap<[u8; 10], u32>);

impl RowNaming {
    fn name<'a>(&mut self, mapped: &mut MappedRow, cells: impl Iterator<Item = &'a str>) {
        if mapped.0.id.is_some() {
            return;
        }
        let mut hasher = blake3::Hasher::new();
        for cell in cells {
            hasher.update(&(cell.len() as u64).to_le_bytes());
            hasher.update(cell.as_bytes());
        }
        let mut hash = [0; 10];
        hasher.finalize_xof().fill(&mut hash);
        let count = self.0.entry(hash).or_default();
        *count += 1;
        let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let twin = if *count > 1 { format!("-{count}") } else { String::new() };
        mapped.0.id = Some(format!("row-{hex}{twin}"));
    }
}

struct FeatureCells(Vec<Option<String>>);

impl RowCells for FeatureCells {
    fn cell(&self, column: usize) -> Option<&str> {
        self.0.get(column)?.as_deref()
    }
}

/// A feature's properties as columns, its place as `*lon` and `*lat`, its id as `*id`.
fn flatten(feature: &Value) -> std::result::Result<Vec<(String, String)>, Refusal> {
    let kind = feature["type"].as_str().unwrap_or_default();
    if kind != "Feature" {
        let message = message!("n’est pas un Feature", "is not a Feature");
        return Err(Refusal::new("type", kind, message));
    }
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let mut pairs = Vec::new();
    let properties = feature["properties"].as_object().into_iter().flatten();
    pairs.extend(properties.filter_map(|(key, value)| Some((column_name(key), text(value)?))));
    pairs.extend(text(&feature["id"]).map(|id| ("*id".to_owned(), id)));
    let geometry = &feature["geometry"];
    if geometry.is_null() {
        return Ok(pairs);
    }
    let point = match geometry["type"].as_str() {
        Some("Point") => geometry["coordinates"].as_array(),
        other => {
            let message = message!("n’est pas un Point", "is not a Point");
            return Err(Refusal::new("geometry.type", other.unwrap_or_default(), message));
        }
    };
    // A third number, the altitude, is let go.
    match point.map(Vec::as_slice) {
        Some([lon, lat, ..]) if lon.is_number() && lat.is_number() => {
            pairs.push(("*lon".to_owned(), lon.to_string()));
            pairs.push(("*lat".to_owned(), lat.to_string()));
            Ok(pairs)
        }
        _ => {
            let message =
                message!("n’est pas [longitude, latitude]", "is not [longitude, latitude]");
            Err(Refusal::new("geometry.coordinates", &geometry["coordinates"], message))
        }
    }
}
