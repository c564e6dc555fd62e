//! Where bytes come from: standard input, and GeoPackages and GeoParquet files of others.

use std::io::Write;
use std::process::Stdio;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use rusqlite::Connection;

use crate::common::{Folder, done, program, run};

const TABLE: &str = "id,created_at,category,latitude,longitude\n\
                     a1,2026-03-01T08:30:00Z,Pothole,46.81,-71.21\n\
                     a2,2026-03-02T08:30:00Z,Graffiti,46.82,-71.22\n";

const CITY: [&str; 4] = ["--jurisdiction", "city.example", "--time-zone", "America/Toronto"];

/// Runs the program with this standard input; its standard output and error.
fn fed(folder: &Folder, arguments: &[&str], input: &[u8]) -> (String, String) {
    let mut child = program(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr))
}

fn export(folder: &Folder) -> String {
    done(folder, &["export", "--jurisdiction", "city.example", "--format", "csv"])
}

#[test]
fn standard_input_is_read_like_a_file() {
    let folder = Folder::new("stdin");
    let (output, error) = fed(&folder, &[&["import", "-"][..], &CITY].concat(), TABLE.as_bytes());
    assert!(output.starts_with("standard input: "), "{output}{error}");
    assert!(output.contains("2 added"), "{output}{error}");
    // The same bytes again add nothing, and what is refused is named after the input.
    let bad = format!("{TABLE}a3,2026-03-03T08:30:00Z,Pothole,,-71.2\n");
    let (output, error) = fed(&folder, &[&["import", "-"][..], &CITY].concat(), bad.as_bytes());
    assert!(output.contains("2 unchanged, 1 refused"), "{output}{error}");
    assert!(folder.file("standard-input.refused.csv").exists(), "{output}");
    let (output, error) = fed(&folder, &["inspect", "-"], TABLE.as_bytes());
    assert!(output.starts_with("standard input: read as CSV"), "{output}{error}");
    assert!(folder.file("standard-input.mapping.toml").exists(), "{output}");
    let (_, error) = fed(&folder, &["import", "-"], b"");
    assert!(error.contains("'standard input'") && error.contains("is empty"), "{error}");
}

/// A GeoPackage with these layers: name, kind of geometry, reference system, SQL values of rows.
fn geopackage(folder: &Folder, layers: &[(&str, &str, i64, &[&str])]) -> String {
    let path = folder.file("map.gpkg");
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY,
             organization TEXT, organization_coordsys_id INTEGER, definition TEXT, description TEXT);
         INSERT INTO gpkg_spatial_ref_sys VALUES ('x', 4326, 'EPSG', 4326, '', ''),
             ('MTM 8', 102950, 'epsg', 2950, '', ''), ('own', 7, 'NONE', 7, '', '');
         CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, identifier TEXT);
         CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT,
             geometry_type_name TEXT, srs_id INTEGER, z TINYINT, m TINYINT);",
    )
    .unwrap();
    for (name, kind, srs, rows) in layers {
        db.execute_batch(&format!(
            "CREATE TABLE \"{name}\" (fid INTEGER PRIMARY KEY, Shape {kind}, id TEXT, created_at
                 DATETIME, category TEXT);
             INSERT INTO gpkg_contents VALUES ('{name}', 'features', '{name}');
             INSERT INTO gpkg_geometry_columns VALUES ('{name}', 'Shape', '{kind}', {srs}, 0, 0);"
        ))
        .unwrap();
        for row in *rows {
            let insert = format!("INSERT INTO \"{name}\" VALUES (NULL, {row})");
            db.execute_batch(&insert).unwrap();
        }
    }
    path.to_str().unwrap().to_owned()
}

/// A blob of a GeoPackage as SQL, with an envelope as most programs write it.
fn blob(x: f64, y: f64) -> String {
    let numbers = [x, x, y, y].map(f64::to_le_bytes).concat();
    let point = [x, y].map(f64::to_le_bytes).concat();
    let bytes = [&b"GP\0\x03\0\0\0\0"[..], &numbers, &[1, 1, 0, 0, 0], &point].concat();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x'{hex}'")
}

#[test]
fn layers_of_foreign_geopackages() {
    let first = format!("{}, 'g1', '2026-03-01T08:30:00Z', 'Pothole'", blob(304_800.0, 5e6));
    let second = "NULL, 'g2', '2026-03-02T08:30:00Z', 'Graffiti'".to_owned();
    let rows = [first.as_str(), second.as_str()];
    let folder = Folder::new("gpkg");
    let one = geopackage(
        &folder,
        &[("roads", "LINESTRING", 4326, &[]), ("Demandes 311", "POINT", 102_950, &rows)],
    );
    let output = done(&folder, &[&["import", &one][..], &CITY].concat());
    assert!(output.contains("layer 'Demandes 311' (there is also 'roads')"), "{output}");
    assert!(output.contains("2 added") && output.contains("1 without a position"), "{output}");
    assert!(export(&folder).contains(",-73.5"), "{}", export(&folder));

    let folder = Folder::new("gpkg");
    let two = geopackage(&folder, &[("a", "POINT", 4326, &rows), ("b", "POINT", 4326, &rows)]);
    let refused = |arguments: &[&str]| {
        let output = run(&folder, arguments);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&["import", &two]).contains("has several layers (a, b)"));
    assert!(refused(&["inspect", &two, "--layer", "c"]).contains("no layer 'c'; there is a, b"));
    let output = done(&folder, &["inspect", &two, "--layer", "B"]);
    assert!(output.contains("layer 'b'"), "{output}");

    for (layers, reason) in [
        (vec![("a", "POINT", 7, &rows[..])], "system that is not known: NONE:7"),
        (vec![("a", "POLYGON", 4326, &rows[..])], "has no layer of points (a: polygon)"),
        (vec![], "has no layer of points"),
    ] {
        let folder = Folder::new("gpkg");
        let file = geopackage(&folder, &layers);
        let output = run(&folder, &["import", &file]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && error.contains(reason), "{error}");
    }
    let folder = Folder::new("gpkg");
    let path = folder.file("plain.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let output = run(&folder, &["import", path.to_str().unwrap()]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("is a SQLite database, not a GeoPackage"), "{error}");
}

/// A layer that is another geometry row by row is refused row by row, and a file that another
/// program holds open is not read half.
#[test]
fn geopackages_with_damage() {
    let folder = Folder::new("gpkg");
    let good = format!("{}, 'g1', '2026-03-01T08:30:00Z', 'Pothole'", blob(-71.2, 46.8));
    let bad = "x'4750000100000000', 'g2', '2026-03-01T08:30:00Z', 'Pothole'";
    let file = geopackage(&folder, &[("a", "GEOMETRY", 4326, &[&good, bad])]);
    let output = run(&folder, &[&["import", &file][..], &CITY].concat());
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.contains("1 added") && output.contains("1 refused"), "{output}");
    let refused = std::fs::read_to_string(folder.file("map.refused.csv")).unwrap();
    assert!(refused.contains("is not a geometry"), "{refused}");
    folder.with("map.gpkg-wal", "changes");
    let output = run(&folder, &["import", &file]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("is open in another program"), "{error}");
    std::fs::remove_file(folder.file("map.gpkg-wal")).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let cut = folder.with("cut.gpkg", &bytes[..bytes.len() / 2]);
    let output = run(&folder, &["import", cut.to_str().unwrap()]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && error.contains("GeoPackage that cannot"), "{error}");
    // A column whose name is not UTF-8.
    let mut odd = bytes.clone();
    let at = odd.windows(8).position(|word| word == b"category").unwrap();
    odd[at + 3] = 0xff;
    let odd = folder.with("odd.gpkg", odd);
    let output = run(&folder, &["import", odd.to_str().unwrap()]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && error.contains("GeoPackage that cannot"), "{error}");
}

/// A Parquet file of two requests with this geometry and this metadata.
fn geoparquet(folder: &Folder, point: &str, geo: Option<&str>, packing: Compression) -> String {
    let path = folder.file("map.parquet");
    let schema = format!(
        "message m {{ REQUIRED BYTE_ARRAY id (STRING); OPTIONAL INT64 created_at
         (TIMESTAMP(MICROS,false)); OPTIONAL BYTE_ARRAY category (STRING); {point} }}"
    );
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(packing).build());
    let out = std::fs::File::create(&path).unwrap();
    let mut file = SerializedFileWriter::new(out, schema, properties).unwrap();
    let mut group = file.next_row_group().unwrap();
    let texts = |texts: &[&str]| texts.iter().map(|t| ByteArray::from(*t)).collect::<Vec<_>>();
    let points = [[304_800.0, 5e6], [304_900.0, 5.001e6]];
    let wkb = points.map(|point| {
        let numbers = point.map(f64::to_le_bytes).concat();
        ByteArray::from([&[1, 1, 0, 0, 0][..], &numbers].concat())
    });
    let mut column = 0;
    while let Some(mut writer) = group.next_column().unwrap() {
        let two = Some(&[1_i16, 1][..]);
        match column {
            0 => writer.typed::<ByteArrayType>().write_batch(&texts(&["p1", "p2"]), None, None),
            1 => {
                let times = [1_772_353_800_000_000, 1_772_440_200_000_000];
                writer.typed::<Int64Type>().write_batch(&times, two, None)
            }
            2 => {
                let names = texts(&["Pothole", "Graffiti"]);
                writer.typed::<ByteArrayType>().write_batch(&names, two, None)
            }
            _ if point.contains("BYTE_ARRAY") => {
                writer.typed::<ByteArrayType>().write_batch(&wkb, None, None)
            }
            at => {
                let values = points.map(|point| point[at - 3]);
                writer.typed::<DoubleType>().write_batch(&values, None, None)
            }
        }
        .unwrap();
        writer.close().unwrap();
        column += 1;
    }
    group.close().unwrap();
    if let Some(geo) = geo {
        file.append_key_value_metadata(KeyValue::new("geo".to_owned(), geo.to_owned()));
    }
    file.close().unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn foreign_geoparquet_with_either_encoding() {
    let crs = r#""crs":{"name":"MTM 8","id":{"authority":"EPSG","code":2950}}"#;
    let geo = |encoding: &str, crs: &str| {
        format!(
            r#"{{"version":"1.1.0","primary_column":"at","columns":{{"at":{{"encoding":"{encoding}",{crs}}}}}}}"#
        )
    };
    let binary = "REQUIRED BYTE_ARRAY at;";
    let native = "REQUIRED group at { REQUIRED DOUBLE x; REQUIRED DOUBLE y; }";
    for (column, encoding) in [(binary, "WKB"), (native, "point")] {
        for packing in [
            Compression::UNCOMPRESSED,
            Compression::SNAPPY,
            Compression::GZIP(Default::default()),
            Compression::ZSTD(Default::default()),
        ] {
            let folder = Folder::new("parquet");
            let file = geoparquet(&folder, column, Some(&geo(encoding, crs)), packing);
            let output = done(&folder, &[&["import", &file][..], &CITY].concat());
            assert!(output.contains("read as Parquet") && output.contains("2 added"), "{output}");
            let out = export(&folder);
            assert!(out.contains(",-73.5"), "{encoding} {packing}: {out}");
            // 08:30 of the wall clock in Toronto.
            assert!(out.contains("2026-03-01T13:30:00Z"), "{out}");
        }
    }
    for (geo, reason) in [
        (geo("WKB", r#""crs":{"name":"Mars"}"#), "system that is not known: Mars"),
        (geo("polygon", crs), "has geometries 'polygon'"),
        ("{".to_owned(), "Parquet file that cannot be read"),
    ] {
        let folder = Folder::new("parquet");
        let file = geoparquet(&folder, binary, Some(&geo), Compression::SNAPPY);
        let output = run(&folder, &["import", &file]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(2) && error.contains(reason), "{error}");
        let bytes = std::fs::read(&file).unwrap();
        let cut = folder.with("cut.parquet", &bytes[..bytes.len() - 20]);
        let output = run(&folder, &["import", cut.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
    }
    // Without metadata, and in a system that nobody names: the rows must tell.
    let folder = Folder::new("parquet");
    let unknown = geo("WKB", r#""crs":null"#);
    let file = geoparquet(&folder, binary, Some(&unknown), Compression::SNAPPY);
    let import = [&["import", &file][..], &CITY].concat();
    let output = run(&folder, &import);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("--projection EPSG:CODE"), "{error}");
    done(&folder, &[&import[..], &["--projection", "EPSG:2950"]].concat());
    assert!(export(&folder).contains(",-73.5"));
}
