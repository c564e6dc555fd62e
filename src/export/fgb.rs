//! FlatGeobuf, version 3: features with a packed Hilbert R-tree before them. The boxes of the tree
//! come first in the file and name the place of each feature, so features are collected in a
//! temporary file until the last one is known.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;

use flatbuffers::{FlatBufferBuilder, WIPOffset};
use flatgeobuf::packed_r_tree::{NodeItem, PackedRTree, calc_extent, hilbert_sort};
use flatgeobuf::{
    Column, ColumnArgs, ColumnType, Crs, CrsArgs, Feature, FeatureArgs, Geometry, GeometryArgs,
    GeometryType, Header, HeaderArgs,
};

use crate::domain::fields::{FieldValue, GEOPACKAGE, Kind};
use crate::domain::{ReportLabels, StoredReport};
use crate::error::{Error, Result};

/// The first bytes: the name, the version, the name again, and the patch of the version.
const MAGIC: &[u8; 8] = b"fgb\x03fgb\x00";
/// Children of a node of the tree.
const NODE_SIZE: u16 = PackedRTree::DEFAULT_NODE_SIZE;
/// Bytes of features that are collected before they are written.
const ROOM: usize = 1 << 18;

/// A file being written. Memory: 48 bytes for each feature, and as much again at the end.
pub struct FlatGeobuf<W: Write> {
    output: W,
    features: BufWriter<File>,
    /// The box of each feature; its `offset` is the number of the feature. A feature without a
    /// geometry has an empty box, which touches no other.
    boxes: Vec<NodeItem>,
    /// Where each feature ends in the temporary file.
    ends: Vec<u64>,
    builder: FlatBufferBuilder<'static>,
    properties: Vec<u8>,
}

impl<W: Write> FlatGeobuf<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// The folder for temporary files (`TMPDIR`) cannot be written.
    pub fn begin(output: W) -> Result<Self> {
        let features = tempfile::tempfile().map_err(Error::internal)?;
        Ok(Self {
            output,
            features: BufWriter::with_capacity(ROOM, features),
            boxes: Vec::new(),
            ends: Vec::new(),
            builder: FlatBufferBuilder::new(),
            properties: Vec::new(),
        })
    }

    /// Writes one report.
    ///
    /// # Errors
    /// The temporary file cannot be written.
    pub fn write(&mut self, stored: &StoredReport, labels: &ReportLabels<'_>) -> Result<()> {
        self.properties.clear();
        for (number, field) in (0u16..).zip(GEOPACKAGE.iter()) {
            let Some(value) = field.shown(stored, labels) else { continue };
            self.properties.extend_from_slice(&number.to_le_bytes());
            if let FieldValue::Count(count) = value {
                self.properties.extend_from_slice(&count.to_le_bytes());
                continue;
            }
            // Texts and times alike: the number of the column, the length, the bytes.
            let text = value.into_text();
            self.properties.extend_from_slice(&(text.len() as u32).to_le_bytes());
            self.properties.extend_from_slice(text.as_bytes());
        }
        let mut own = NodeItem::create(self.boxes.len() as u64);
        let builder = &mut self.builder;
        builder.reset();
        let geometry = stored.report.position.map(|at| {
            own.expand_xy(at.lon(), at.lat());
            let xy = Some(builder.create_vector(&[at.lon(), at.lat()]));
            Geometry::create(builder, &GeometryArgs { xy, ..GeometryArgs::default() })
        });
        let properties = Some(builder.create_vector(&self.properties));
        let feature = FeatureArgs { geometry, properties, ..FeatureArgs::default() };
        let feature = Feature::create(builder, &feature);
        builder.finish_size_prefixed(feature, None);
        let bytes = builder.finished_data();
        self.features.write_all(bytes).map_err(Error::internal)?;
        self.ends.push(self.ends.last().copied().unwrap_or(0) + bytes.len() as u64);
        self.boxes.push(own);
        Ok(())
    }

    /// Ends the file: writes the header, the tree, and the features in the order of the tree.
    ///
    /// # Errors
    /// The output or the temporary file cannot be written.
    pub fn finish(mut self) -> Result<()> {
        let features = self.features.into_inner().map_err(|error| error.into_error());
        let features = features.map_err(Error::internal)?;
        let extent = calc_extent(&self.boxes);
        let mut write = |bytes: &[u8]| self.output.write_all(bytes).map_err(Error::internal);
        write(MAGIC)?;
        write(&header(self.boxes.len(), &extent))?;
        hilbert_sort(&mut self.boxes, &extent);
        let mut order = Vec::with_capacity(self.boxes.len());
        let mut offset = 0;
        for one in &mut self.boxes {
            let number = one.offset as usize;
            let start = number
                .checked_sub(1)
                .map_or(0, |before| self.ends.get(before).copied().unwrap_or_default());
            let length = self.ends.get(number).copied().unwrap_or_default().saturating_sub(start);
            order.push((start, length as usize));
            one.offset = offset;
            offset += length;
        }
        if !self.boxes.is_empty() {
            let tree = PackedRTree::build(&self.boxes, &extent, NODE_SIZE);
            let tree = tree.map_err(Error::internal)?;
            tree.stream_write(&mut self.output).map_err(Error::internal)?;
        }
        let mut feature = Vec::new();
        for (start, length) in order {
            feature.resize(length, 0);
            features.read_exact_at(&mut feature, start).map_err(Error::internal)?;
            self.output.write_all(&feature).map_err(Error::internal)?;
        }
        self.output.flush().map_err(Error::internal)
    }
}

/// The header of a file of so many points, with its length before it.
fn header(count: usize, extent: &NodeItem) -> Vec<u8> {
    let mut builder = FlatBufferBuilder::new();
    let mut columns: Vec<WIPOffset<Column<'_>>> = Vec::new();
    for field in GEOPACKAGE.iter() {
        let name = Some(builder.create_string(field.name));
        let description = Some(builder.create_string(field.en));
        let type_ = match field.kind {
            Kind::Time => ColumnType::DateTime,
            Kind::Count => ColumnType::ULong,
            _ => ColumnType::String,
        };
        let column = ColumnArgs {
            name,
            description,
            type_,
            // A report without a position has no accuracy.
            nullable: !field.required || field.name == "accuracy",
            ..ColumnArgs::default()
        };
        columns.push(Column::create(&mut builder, &column));
    }
    let crs = CrsArgs {
        org: Some(builder.create_string("EPSG")),
        code: 4326,
        name: Some(builder.create_string("WGS 84")),
        ..CrsArgs::default()
    };
    let edges = [extent.min_x, extent.min_y, extent.max_x, extent.max_y];
    let has_extent = extent.min_x <= extent.max_x;
    let header = HeaderArgs {
        name: Some(builder.create_string("reports")),
        envelope: has_extent.then(|| builder.create_vector(&edges)),
        geometry_type: GeometryType::Point,
        columns: Some(builder.create_vector(&columns)),
        features_count: count as u64,
        index_node_size: if count > 0 { NODE_SIZE } else { 0 },
        crs: Some(Crs::create(&mut builder, &crs)),
        ..HeaderArgs::default()
    };
    let header = Header::create(&mut builder, &header);
    builder.finish_size_prefixed(header, None);
    builder.finished_data().to_vec()
}
