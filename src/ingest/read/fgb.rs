//! FlatGeobuf, feature by feature. The file comes from strangers: a length is compared with the
//! file before memory is reserved for it, and each buffer is verified before it is read.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use flatgeobuf::{
    ColumnType, Crs, Feature, GeometryType, Header, size_prefixed_root_as_feature,
    size_prefixed_root_as_header,
};

use crate::error::Refusal;
use crate::i18n::Message;
use crate::ingest::read::ahead::{AheadRow, RowSender, RowsAhead};
use crate::ingest::read::geometry::{BinaryPoint, GEOMETRY_KIND, GeometryCrs, hexadecimal};
use crate::ingest::read::row::{COLUMNS_MAX, Row, RowReader, SourceColumns};
use crate::ingest::read::{ROW_BYTES_MAX, unreadable};
use crate::message;

/// The first bytes of a file of version 3. The eighth byte is the patch of the version.
pub const SIGNATURE: &[u8] = b"fgb\x03fgb";
const SIGNATURE_BYTES: u64 = 8;
/// Longest header, in bytes.
const HEADER_BYTES_MAX: usize = 10 << 20;
/// Bytes of a node of the spatial index: a box of four numbers, and a place.
const NODE_BYTES: u128 = 40;
/// Longest binary value that becomes a cell; longer ones are left out.
const BINARY_BYTES_MAX: usize = 64;

fn damaged(reason: impl std::fmt::Display) -> Message {
    message!(
        "est un fichier FlatGeobuf illisible : {reason}",
        "is a FlatGeobuf file that cannot be read: {reason}"
    )
}

fn cut(read: u64, count: u64) -> Message {
    message!(
        "est un fichier FlatGeobuf coupé : {read} entités sur {count}",
        "is a FlatGeobuf file that was cut: {read} of {count} features"
    )
}

/// What becomes of the columns and geometries of a file.
struct FgbPlan {
    columns: SourceColumns,
    /// For each column of the file its number and type.
    kinds: Vec<(Option<usize>, ColumnType)>,
    /// What the geometries are; `Unknown` where each feature says it.
    geometry: GeometryType,
    crs: GeometryCrs,
    /// The two columns of the place.
    place: Option<[usize; 2]>,
    /// Number of features; 0 where the file does not say.
    count: u64,
}

/// The reference system of the geometries.
fn crs_of(crs: Option<Crs<'_>>) -> Result<GeometryCrs, Message> {
    let Some(crs) = crs else { return Ok(GeometryCrs::Unknown) };
    let org = crs.org().unwrap_or("EPSG");
    match (crs.code(), crs.code_string()) {
        (_, Some("CRS84")) => Ok(GeometryCrs::Degrees),
        (0, _) => Ok(GeometryCrs::Unknown),
        (code, _) if org.eq_ignore_ascii_case("EPSG") => GeometryCrs::epsg(code.into()),
        (code, _) => Err(message!(
            "a des coordonnées dans un système inconnu : {org}:{code}",
            "has coordinates in a system that is not known: {org}:{code}"
        )),
    }
}

impl FgbPlan {
    fn of(header: &Header<'_>) -> Result<Self, Message> {
        let mut columns = SourceColumns::default();
        let mut kinds = Vec::new();
        for column in header.columns().into_iter().flat_map(|columns| columns.iter()) {
            if kinds.len() >= COLUMNS_MAX {
                return Err(message!(
                    "a plus de {COLUMNS_MAX} colonnes",
                    "has more than {COLUMNS_MAX} columns"
                ));
            }
            kinds.push((columns.number_of(column.name(), false), column.type_()));
        }
        let crs = crs_of(header.crs())?;
        let [x, y] = crs.columns().map(|name| columns.number_of(name, false));
        if crs.is_known() {
            columns.number_of("*geometry", true);
        }
        let place = x.zip(y).map(|(x, y)| [x, y]);
        let (geometry, count) = (header.geometry_type(), header.features_count());
        Ok(Self { columns, kinds, geometry, crs, place, count })
    }

    fn row(&self, number: u64, feature: &Feature<'_>) -> AheadRow {
        let mut cells = vec![None; self.columns.len()];
        let properties = feature.properties();
        let bytes = properties.as_ref().map_or(&[][..], |properties| properties.bytes());
        let read = match feature.columns() {
            None => self.read_cells(Values(bytes), &mut cells),
            Some(_) => {
                let message = message!("a ses propres colonnes", "has columns of its own");
                Err(Refusal::new("feature", number, message))
            }
        };
        let placed = self.point(feature).and_then(|point| {
            if let (Some(point), Some(place)) = (point, self.place) {
                for (column, text) in place.into_iter().zip(self.crs.cells(point)?) {
                    if let Some(cell) = cells.get_mut(column) {
                        *cell = Some(text);
                    }
                }
            }
            Ok(())
        });
        AheadRow { number, refusal: read.and(placed).err(), cells }
    }

    fn read_cells(
        &self,
        mut values: Values<'_>,
        cells: &mut [Option<String>],
    ) -> Result<(), Refusal> {
        while !values.0.is_empty() {
            let broken = || {
                let message = message!("est illisible", "cannot be read");
                Refusal::new("properties", "", message)
            };
            let number = usize::from(u16::from_le_bytes(values.take().ok_or_else(broken)?));
            let (column, kind) = *self.kinds.get(number).ok_or_else(broken)?;
            let text = values.text(kind).ok_or_else(broken)?;
            if let Some(cell) = column.and_then(|column| cells.get_mut(column)) {
                *cell = text;
            }
        }
        Ok(())
    }

    /// The place of a feature; of a MultiPoint the only one.
    fn point(&self, feature: &Feature<'_>) -> BinaryPoint {
        let Some(geometry) = feature.geometry() else { return Ok(None) };
        let kind = match self.geometry {
            GeometryType::Unknown => geometry.type_(),
            kind => kind,
        };
        let is_point = [GeometryType::Point, GeometryType::MultiPoint].contains(&kind);
        if !is_point {
            let message = message!("n’est pas un Point", "is not a Point");
            let name = kind.variant_name().unwrap_or("?");
            return Err(Refusal::new(GEOMETRY_KIND, name, message));
        }
        let xy: Vec<f64> = geometry.xy().into_iter().flat_map(|xy| xy.iter()).take(3).collect();
        match xy[..] {
            [] => Ok(None),
            // The empty point of WKB.
            [x, y] => Ok(Some((x, y)).filter(|_| !(x.is_nan() && y.is_nan()))),
            _ => {
                let message = message!("n’est pas un seul point", "is not one point");
                Err(Refusal::new("geometry", kind.variant_name().unwrap_or("?"), message))
            }
        }
    }
}

/// The values of a feature: each the number of its column, then its bytes.
struct Values<'a>(&'a [u8]);

impl Values<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*first)
    }

    /// The text of the next value; `Some(None)` for one that has none.
    fn text(&mut self, kind: ColumnType) -> Option<Option<String>> {
        Some(Some(match kind {
            ColumnType::Byte => i8::from_le_bytes(self.take()?).to_string(),
            ColumnType::UByte => u8::from_le_bytes(self.take()?).to_string(),
            ColumnType::Bool => (self.take::<1>()? != [0]).to_string(),
            ColumnType::Short => i16::from_le_bytes(self.take()?).to_string(),
            ColumnType::UShort => u16::from_le_bytes(self.take()?).to_string(),
            ColumnType::Int => i32::from_le_bytes(self.take()?).to_string(),
            ColumnType::UInt => u32::from_le_bytes(self.take()?).to_string(),
            ColumnType::Long => i64::from_le_bytes(self.take()?).to_string(),
            ColumnType::ULong => u64::from_le_bytes(self.take()?).to_string(),
            ColumnType::Float => f32::from_le_bytes(self.take()?).to_string(),
            ColumnType::Double => f64::from_le_bytes(self.take()?).to_string(),
            ColumnType::String | ColumnType::Json | ColumnType::DateTime => {
                String::from_utf8(self.bytes()?.to_vec()).ok()?
            }
            ColumnType::Binary => {
                let bytes = self.bytes()?;
                return Some((bytes.len() <= BINARY_BYTES_MAX).then(|| hexadecimal(bytes)));
            }
            _ => return None,
        }))
    }

    /// Bytes after their number.
    fn bytes(&mut self) -> Option<&[u8]> {
        let length = usize::try_from(u32::from_le_bytes(self.take()?)).ok()?;
        let (bytes, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(bytes)
    }
}

/// Bytes of the spatial index of so many features; none where the file has no index.
fn index_bytes(count: u64, node_size: u16) -> u128 {
    if count == 0 || node_size == 0 {
        return 0;
    }
    let (mut level, node_size) = (u128::from(count), u128::from(node_size.max(2)));
    let mut nodes = level;
    while level > 1 || nodes == u128::from(count) {
        level = level.div_ceil(node_size);
        nodes += level;
    }
    nodes * NODE_BYTES
}

/// A buffer with its length before it, the length included; `None` at the end of the file.
fn next_buffer<'a>(
    input: &mut impl Read,
    buffer: &'a mut Vec<u8>,
    bytes_max: usize,
) -> Result<Option<&'a [u8]>, Message> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read.map_err(unreadable)?,
    }
    let bytes = u32::from_le_bytes(length) as usize;
    if bytes > bytes_max {
        return Err(message!(
            "est un fichier FlatGeobuf illisible : une partie de {bytes} octets ; {bytes_max} au \
             plus",
            "is a FlatGeobuf file that cannot be read: a part of {bytes} bytes; {bytes_max} at most"
        ));
    }
    buffer.clear();
    buffer.extend_from_slice(&length);
    // Memory grows with the bytes that come, not with the length that is claimed.
    let read = input.take(bytes as u64).read_to_end(buffer).map_err(unreadable)?;
    if read < bytes {
        return Err(message!(
            "est un fichier FlatGeobuf coupé au milieu d’une entité",
            "is a FlatGeobuf file that was cut inside a feature"
        ));
    }
    Ok(Some(buffer.as_slice()))
}

fn send_rows(mut input: impl Read, plan: &FgbPlan, sender: &RowSender) -> Result<(), Message> {
    let (mut buffer, mut number) = (Vec::new(), 0);
    while plan.count == 0 || number < plan.count {
        let Some(bytes) = next_buffer(&mut input, &mut buffer, ROW_BYTES_MAX)? else {
            return if plan.count == 0 { Ok(()) } else { Err(cut(number, plan.count)) };
        };
        let feature = size_prefixed_root_as_feature(bytes).map_err(damaged)?;
        number += 1;
        if !sender.send(plan.row(number, &feature)) {
            return Ok(());
        }
    }
    Ok(())
}

/// An open file: what its header says, and its bytes from the first feature on.
struct FgbFile {
    plan: FgbPlan,
    features: BufReader<File>,
    /// Size of the file in bytes.
    size: u64,
}

impl FgbFile {
    fn open(path: &Path) -> Result<Self, Message> {
        let file = File::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        let mut input = BufReader::with_capacity(1 << 18, file);
        input.seek(SeekFrom::Start(SIGNATURE_BYTES)).map_err(unreadable)?;
        let mut buffer = Vec::new();
        let header = next_buffer(&mut input, &mut buffer, HEADER_BYTES_MAX)?;
        let header = header.ok_or_else(|| cut(0, 0))?;
        let start = SIGNATURE_BYTES + header.len() as u64;
        let header = size_prefixed_root_as_header(header).map_err(damaged)?;
        let plan = FgbPlan::of(&header)?;
        let first = u128::from(start) + index_bytes(plan.count, header.index_node_size());
        // A feature has a length before it: a claimed count that the file cannot hold is refused.
        if first + u128::from(plan.count) * 4 > u128::from(size) {
            return Err(cut(0, plan.count));
        }
        let first = u64::try_from(first).map_err(damaged)?;
        input.seek(SeekFrom::Start(first)).map_err(unreadable)?;
        Ok(Self { plan, features: input, size })
    }
}

/// Refuses a file that ends before its last feature, by the lengths of all of them.
///
/// # Errors
/// The file is cut or cannot be read.
pub fn check_whole(path: &Path) -> Result<(), Message> {
    let FgbFile { plan, mut features, size } = FgbFile::open(path)?;
    let mut at = features.stream_position().map_err(unreadable)?;
    for number in 0..plan.count {
        let mut length = [0; 4];
        let is_there = features.read_exact(&mut length).is_ok();
        let length = u32::from_le_bytes(length);
        at += 4 + u64::from(length);
        if !is_there || at > size {
            return Err(cut(number, plan.count));
        }
        features.seek_relative(length.into()).map_err(unreadable)?;
    }
    Ok(())
}

/// Reads the features of a FlatGeobuf file.
pub struct FgbReader {
    rows: RowsAhead,
    columns: SourceColumns,
    /// Size of the file in bytes, its features, features read.
    size: u64,
    total: u64,
    read: u64,
}

impl FgbReader {
    /// Reads the columns.
    ///
    /// # Errors
    /// The file cannot be read or is cut; its reference system is not known.
    pub fn open(path: &Path) -> Result<Self, Message> {
        let FgbFile { plan, features, size } = FgbFile::open(path)?;
        let (columns, total) = (plan.columns.clone(), plan.count.max(1));
        let rows = RowsAhead::start(move |sender| send_rows(features, &plan, sender));
        Ok(Self { rows, columns, size, total, read: 0 })
    }
}

impl RowReader for FgbReader {
    fn columns(&self) -> &SourceColumns {
        &self.columns
    }

    fn next(&mut self, row: &mut Row) -> Result<bool, Message> {
        row.clear();
        let Some(read) = self.rows.next()? else { return Ok(false) };
        self.read += 1;
        read.fill(row);
        Ok(true)
    }

    fn bytes_read(&self) -> u64 {
        let share = u128::from(self.size) * u128::from(self.read.min(self.total));
        u64::try_from(share / u128::from(self.total)).unwrap_or(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_of_an_index_is_that_of_its_nodes() {
        for (count, node_size, nodes) in [
            (1, 16, 2),
            (16, 16, 17),
            (17, 16, 20),
            (257, 16, 257 + 17 + 2 + 1),
            (0, 16, 0),
            (9, 0, 0),
        ] {
            assert_eq!(index_bytes(count, node_size), nodes * NODE_BYTES, "{count}");
        }
    }

    #[test]
    fn what_is_cut_or_claims_too_much_is_refused() {
        let read = |bytes: &[u8], most| next_buffer(&mut &bytes[..], &mut Vec::new(), most).is_ok();
        assert!(read(b"", 9) && read(b"\x02\0\0\0ab", 9));
        assert!(!read(b"\x03\0\0\0ab", 9) && !read(b"\xff\xff\xff\x7fab", ROW_BYTES_MAX));
        let mut values = Values(b"\x05\0\0\0abc");
        assert_eq!(values.text(ColumnType::String), None, "longer than what is there");
        assert_eq!(Values(b"\x01\0\0\0\xff").text(ColumnType::String), None, "no UTF-8");
        assert_eq!(Values(b"\x07").text(ColumnType(200)), None, "an unknown type");
        assert_eq!(Values(b"\x07").text(ColumnType::UByte), Some(Some("7".into())));
    }
}
