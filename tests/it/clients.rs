//! Clients written by others: GDAL, QGIS, OWSLib, GeoPandas, DuckDB, lxml, openapi-spec-validator,
//! openapi-python-client, schemathesis (`tests/needs.sh` installs them).

use std::process::Command;

use crate::common::{LocalService, add_boundaries, demo_city, done, peer_or_skip, python_or_skip};

/// The exit status of `tests/clients.py` that says that a client is not installed.
const NOT_INSTALLED: i32 = 77;

/// Runs a client of `tests/clients.py` against a city of its own.
fn client(name: &str, reports: u32) {
    let root = env!("CARGO_MANIFEST_DIR");
    let Some(python) = python_or_skip(name) else { return };
    let folder = demo_city(name, reports, 21);
    add_boundaries(&folder, "quartiers");
    done(&folder, &["export", "--format", "geoparquet", "--output", "export.parquet"]);
    done(&folder, &["export", "--format", "gpkg", "--output", "export.gpkg"]);
    done(&folder, &["export", "export.fgb"]);
    let service = LocalService::start(&folder);
    let url = format!("http://{}", service.address);
    let path = folder.0.to_str().unwrap();
    let ran = Command::new(&python)
        .args([&format!("{root}/tests/clients.py"), name, &url, path])
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
    let errors = String::from_utf8_lossy(&ran.stderr);
    match ran.status.code() {
        Some(0) => println!("{}", printed.trim()),
        Some(NOT_INSTALLED) => assert_eq!(peer_or_skip(None::<()>, printed.trim()), None),
        _ => panic!("{name}: {printed}\n{errors}"),
    }
}

#[test]
fn gdal_reads_the_features_api() {
    client("gdal_features", 3_000);
}

#[test]
fn gdal_decodes_tiles_to_what_the_api_answers() {
    client("gdal_tiles", 20_000);
}

#[test]
fn gdal_reads_collections_by_their_tiles() {
    client("gdal_ogc_tiles", 3_000);
}

#[test]
fn the_openapi_documents_are_valid() {
    client("openapi", 500);
}

#[test]
fn a_client_generated_from_the_document_files_and_asks() {
    client("generated", 3_000);
}

#[test]
fn gdal_opens_the_geopackage() {
    client("gdal_geopackage", 2_000);
}

#[test]
fn gdal_validates_the_geopackage() {
    client("gdal_validates_geopackage", 2_000);
}

#[test]
fn gdal_reads_the_flatgeobuf() {
    client("gdal_flatgeobuf", 2_000);
}

#[test]
fn qgis_opens_the_features_api() {
    client("qgis", 3_000);
}

#[test]
fn owslib_finds_its_way() {
    client("owslib", 2_000);
}

#[test]
fn open311_is_shaped_as_specified() {
    client("georeport", 3_000);
}

#[test]
fn geopandas_and_duckdb_read_the_geoparquet() {
    client("geoparquet", 3_000);
}

#[test]
fn schemathesis_finds_no_violation() {
    client("schemathesis", 2_000);
}
