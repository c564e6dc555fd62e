//! JSON in: the records of one array, or one record on a line.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;

use serde_json::Value;

use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::projection::Projection;
use crate::ingest::read::ROW_BYTES_MAX;
use crate::ingest::read::elements::{Element, Elements};
use crate::ingest::read::json_value::{self, no_numbers_note};
use crate::ingest::read::layout::RecordLayout;
use crate::ingest::read::outline::{Array, Outline};
use crate::ingest::read::page_members::PageMembers;
use crate::ingest::read::record::Flattener;
use crate::ingest::read::row::{Row, RowReader, SourceColumns};
use crate::message;

/// Members under which published documents keep their records.
const USUAL: [&str; 9] = [
    "features",
    "issues",
    "records",
    "results",
    "data",
    "service_requests",
    "requests",
    "items",
    "value",
];

/// Where the records of a document are and how they are laid out.
pub struct JsonShape {
    /// Names of the members that lead to the array of records.
    pub path: Vec<String>,
    /// How they are laid out.
    pub layout: RecordLayout,
    /// Their coordinate reference system as an EPSG name, where it is not WGS 84.
    pub crs: Option<String>,
    /// The whole document is one record.
    pub is_record: bool,
    /// How many records it holds; `None` where only its start was read.
    pub records: Option<u64>,
    /// What it says about being one page of a longer answer.
    pub page: PageMembers,
}

impl JsonShape {
    /// Finds the records of a document.
    ///
    /// # Errors
    /// There are none; the coordinate reference system cannot be read.
    pub fn find(outline: &Outline) -> Result<Self, Message> {
        let crs = outline.crs.as_ref().map_or(Ok(None), crs_name)?;
        let is_feature = outline.kind.as_deref() == Some("Feature");
        if outline.is_single && (is_feature || (outline.arrays.is_empty() && !outline.is_start)) {
            let layout = if is_feature { RecordLayout::GeoJson } else { RecordLayout::Objects };
            let page = PageMembers::default();
            return Ok(Self { path: vec![], layout, crs, is_record: true, records: Some(1), page });
        }
        let columns = outline.columns.as_ref().and_then(Value::as_array);
        let usual =
            |array: &&Array| array.path.last().is_none_or(|name| USUAL.contains(&name.as_str()));
        let holds = |array: &&Array| match columns {
            Some(_) if array.path == ["data"] => array.arrays > 0,
            _ => array.objects > 0,
        };
        let arrays = || outline.arrays.iter();
        let chosen = arrays()
            .filter(usual)
            .filter(holds)
            .max_by_key(|array| array.objects + array.arrays)
            .or_else(|| arrays().filter(holds).max_by_key(|array| array.objects))
            .or_else(|| arrays().filter(usual).find(|array| array.scalars == 0));
        let chosen = chosen.ok_or_else(|| {
            message!("ne contient aucun tableau d’enregistrements", "contains no array of records")
        })?;
        let layout = match columns {
            Some(columns) if chosen.arrays > 0 => RecordLayout::Arrays(names(columns)),
            _ if chosen.path == ["features"] => RecordLayout::GeoJson,
            _ => RecordLayout::Objects,
        };
        if arrays().filter(|array| array.path == chosen.path).count() > 1 {
            let path = chosen.path.join(".");
            return Err(message!(
                "a plusieurs fois le membre « {path} », dont un seul peut être lu",
                "has the member '{path}' several times, of which one alone could be read"
            ));
        }
        let count = chosen.objects + chosen.arrays;
        let (records, page) = ((!outline.is_start).then_some(count), outline.page.clone());
        let path = chosen.path.clone();
        Ok(Self { path, layout, crs, is_record: false, records, page })
    }
}

/// Socrata names the columns of its arrays in `meta.view.columns`; those of its own begin with `:`.
fn names(columns: &[Value]) -> Vec<String> {
    let name = |column: &Value| {
        let name = column["fieldName"].as_str().or(column["name"].as_str());
        name.unwrap_or_default().to_owned()
    };
    columns.iter().map(name).collect()
}

/// The EPSG name of a `crs` member of GeoJSON of 2008 or a `spatialReference` of ArcGIS; `None`
/// where it says longitude and latitude of WGS 84.
fn crs_name(crs: &Value) -> Result<Option<String>, Message> {
    let wkid = crs["latestWkid"].as_u64().or(crs["wkid"].as_u64());
    let code = match (wkid, crs["properties"]["name"].as_str()) {
        (Some(wkid), _) => wkid.to_string(),
        (None, Some(name)) if name.contains("CRS84") => return Ok(None),
        (None, Some(name)) => name.rsplit(':').next().unwrap_or_default().to_owned(),
        (None, None) if crs.is_null() => return Ok(None),
        (None, None) => String::new(),
    };
    match code.as_str() {
        "4326" => Ok(None),
        // The number that ArcGIS gave Web Mercator before the registry had one.
        "102100" | "102113" | "900913" => Ok(Some("EPSG:3857".into())),
        code if !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()) => {
            Ok(Some(format!("EPSG:{code}")))
        }
        _ => Err(message!(
            "« crs » : {crs} n’est pas un système de coordonnées connu",
            "'crs': {crs} is not a known coordinate reference system"
        )),
    }
}

/// The projection of a coordinate reference system.
///
/// # Errors
/// It is not known.
pub fn projection(crs: Option<&str>) -> Result<Option<Projection>, Message> {
    let Some(crs) = crs else { return Ok(None) };
    Projection::new(crs)
        .map(Some)
        .map_err(|reason| message!("« crs » {crs} : {reason}", "'crs' {crs}: {reason}"))
}

/// Reads the records of an array.
pub struct JsonReader<R> {
    elements: Elements<BufReader<R>>,
    bytes: Rc<Cell<u64>>,
    flattener: Flattener,
    is_layout_open: bool,
    columns: SourceColumns,
    number: u64,
    no_numbers: u64,
}

impl<R: Read> JsonReader<R> {
    /// Goes to the records. `bytes` counts what has been read of the file.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn open(input: R, bytes: Rc<Cell<u64>>, shape: &JsonShape) -> Result<Self, Message> {
        let input = BufReader::with_capacity(1 << 18, input);
        Ok(Self {
            elements: match shape.is_record {
                true => Elements::only(input),
                false => Elements::open(input, &shape.path)?,
            },
            bytes,
            flattener: Flattener {
                layout: shape.layout.clone(),
                projection: projection(shape.crs.as_deref())?,
            },
            is_layout_open: !matches!(shape.layout, RecordLayout::Arrays(_)),
            columns: SourceColumns::default(),
            number: 0,
            no_numbers: 0,
        })
    }
}

impl<R: Read> RowReader for JsonReader<R> {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        let element = match self.elements.next()? {
            None => return Ok(false),
            Some(element) => element,
        };
        self.number += 1;
        row.number = self.number;
        match element {
            Element::TooLong => row.refusal = Some(too_long()),
            Element::Json(json) => {
                let (open, columns) = (&mut self.is_layout_open, &mut self.columns);
                self.no_numbers += read_record(json, &mut self.flattener, open, columns, row);
            }
        }
        Ok(true)
    }

    fn bytes_read(&self) -> u64 {
        self.bytes.get()
    }

    fn layout(&self) -> Option<&RecordLayout> {
        Some(&self.flattener.layout)
    }

    fn notes(&self) -> Vec<Message> {
        Vec::from_iter(no_numbers_note(self.no_numbers))
    }
}

/// The refusal of a row longer than [`ROW_BYTES_MAX`].
pub fn too_long() -> Refusal {
    let most = ROW_BYTES_MAX >> 20;
    let message = message!("dépasse {most} Mio", "is longer than {most} MiB");
    Refusal::new("row", "", message)
}

/// Reads a record into a row; returns how many of its numbers are none, such as `NaN`.
fn read_record(
    json: &[u8],
    flattener: &mut Flattener,
    is_layout_open: &mut bool,
    columns: &mut SourceColumns,
    row: &mut Row,
) -> u64 {
    let mut no_numbers = 0;
    let read = json_value::read(json, &mut no_numbers);
    let flat = read.and_then(|record| {
        // The first record shows how all are laid out.
        if std::mem::take(is_layout_open) {
            let found = RecordLayout::of(&record);
            if found != RecordLayout::Objects || flattener.layout != RecordLayout::GeoJson {
                flattener.layout = found;
            }
        }
        flattener.flatten(&record, columns, &mut row.cells)
    });
    if let Err(refusal) = flat {
        row.refusal = Some(refusal);
        row.record = String::from_utf8_lossy(json).into_owned();
    }
    no_numbers
}

/// Reads records that follow each other, each on a line of its own or after a record
/// separator (RFC 8142).
pub struct JsonLinesReader<R> {
    input: BufReader<R>,
    bytes: Rc<Cell<u64>>,
    flattener: Flattener,
    is_layout_open: bool,
    columns: SourceColumns,
    separator: u8,
    buffer: Vec<u8>,
    line: u64,
    no_numbers: u64,
}

impl<R: Read> JsonLinesReader<R> {
    /// Begins to read. `bytes` counts what has been read of the file.
    ///
    /// # Errors
    /// The input cannot be read.
    pub fn open(input: R, bytes: Rc<Cell<u64>>) -> Result<Self, Message> {
        let mut input = BufReader::with_capacity(1 << 18, input);
        let start = input.fill_buf().map_err(crate::ingest::read::unreadable)?;
        let first = start.iter().find(|b| !b.is_ascii_whitespace());
        let separator = if first == Some(&0x1e) { 0x1e } else { b'\n' };
        Ok(Self {
            input,
            bytes,
            flattener: Flattener { layout: RecordLayout::Objects, projection: None },
            is_layout_open: true,
            columns: SourceColumns::default(),
            separator,
            buffer: Vec::new(),
            line: 1,
            no_numbers: 0,
        })
    }

    /// Reads up to the separator; the lines that were passed and whether the text is whole. `None`
    /// at the end.
    fn chunk(&mut self) -> Result<Option<(u64, bool)>, Message> {
        self.buffer.clear();
        let (mut lines, mut any, mut whole) = (0, false, true);
        loop {
            let bytes = self.input.fill_buf().map_err(crate::ingest::read::unreadable)?;
            if bytes.is_empty() {
                return Ok(any.then_some((lines, whole)));
            }
            any = true;
            let end = memchr::memchr(self.separator, bytes);
            let taken = end.map_or(bytes.len(), |end| end + 1);
            let text = &bytes[..end.unwrap_or(taken)];
            lines += memchr::memchr_iter(b'\n', &bytes[..taken]).count() as u64;
            whole = whole && self.buffer.len() + text.len() <= ROW_BYTES_MAX;
            if whole {
                self.buffer.extend_from_slice(text);
            }
            self.input.consume(taken);
            if end.is_some() {
                return Ok(Some((lines, whole)));
            }
        }
    }
}

impl<R: Read> RowReader for JsonLinesReader<R> {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        loop {
            let line = self.line;
            let Some((lines, whole)) = self.chunk()? else { return Ok(false) };
            self.line += lines;
            let json = self.buffer.trim_ascii();
            if json.is_empty() && whole {
                continue;
            }
            row.number = line;
            if whole {
                let (open, columns) = (&mut self.is_layout_open, &mut self.columns);
                self.no_numbers += read_record(json, &mut self.flattener, open, columns, row);
            } else {
                row.refusal = Some(too_long());
            }
            return Ok(true);
        }
    }

    fn bytes_read(&self) -> u64 {
        self.bytes.get()
    }

    fn layout(&self) -> Option<&RecordLayout> {
        Some(&self.flattener.layout)
    }

    fn notes(&self) -> Vec<Message> {
        Vec::from_iter(no_numbers_note(self.no_numbers))
    }
}
