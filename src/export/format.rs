//! The formats of an export: their names, the endings of their files, their media types.

use std::path::Path;

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// A FeatureCollection of GeoJSON, one feature on a line.
    GeoJson,
    /// Features of GeoJSON, one on a line and nothing around them (newline-delimited GeoJSON).
    GeoJsonLines,
    /// A table of text with a header.
    Csv,
    /// A SQLite file with an R-tree.
    GeoPackage,
    /// A table of columns, compressed.
    GeoParquet,
    /// Binary features in the order of a packed Hilbert R-tree.
    FlatGeobuf,
}

/// A format with its names, the first of which is its own, and its media type. Every name is also
/// an ending of files.
type FormatNames = (ExportFormat, &'static [&'static str], &'static str);

const FORMATS: [FormatNames; 6] = [
    (ExportFormat::GeoJson, &["geojson"], "application/geo+json"),
    (ExportFormat::GeoJsonLines, &["geojsonl", "ndjson"], "application/geo+json-seq"),
    (ExportFormat::Csv, &["csv"], "text/csv; charset=utf-8"),
    (ExportFormat::GeoPackage, &["gpkg"], "application/geopackage+sqlite3"),
    (ExportFormat::GeoParquet, &["geoparquet", "parquet"], "application/vnd.apache.parquet"),
    (ExportFormat::FlatGeobuf, &["fgb"], "application/flatgeobuf"),
];

impl ExportFormat {
    /// The format of this name, in any case of letters.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let found = FORMATS.iter().find(|(_, names, _)| names.contains(&name.as_str()));
        found.map(|(format, ..)| *format)
    }

    /// The format that the ending of a file names.
    pub fn of_path(path: &Path) -> Option<Self> {
        Self::parse(path.extension()?.to_str()?)
    }

    /// All names of formats, for messages.
    pub fn names() -> String {
        let all = FORMATS.iter().flat_map(|(_, names, _)| *names);
        all.copied().collect::<Vec<_>>().join(", ")
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        let found = FORMATS.iter().find(|(format, ..)| *format == self);
        found.map_or("application/octet-stream", |(_, _, media_type)| media_type)
    }

    /// Can it be written from the start to the end, report by report?
    pub fn is_text(self) -> bool {
        matches!(self, Self::GeoJson | Self::GeoJsonLines | Self::Csv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_of_a_file_names_its_format() {
        for (path, format) in [
            ("a/b.csv", Some(ExportFormat::Csv)),
            ("b.GeoJSON", Some(ExportFormat::GeoJson)),
            ("b.ndjson", Some(ExportFormat::GeoJsonLines)),
            ("b.geojsonl", Some(ExportFormat::GeoJsonLines)),
            ("b.tar.parquet", Some(ExportFormat::GeoParquet)),
            ("b.geoparquet", Some(ExportFormat::GeoParquet)),
            ("b.gpkg", Some(ExportFormat::GeoPackage)),
            ("b.fgb", Some(ExportFormat::FlatGeobuf)),
            ("csv", None),
            ("b.xlsx", None),
            ("b.", None),
        ] {
            assert_eq!(ExportFormat::of_path(Path::new(path)), format, "{path}");
        }
    }
}
