//! Files of formats that are not read: each is named for what it is, with what to do, as it is and
//! packed.

use std::io::Write;

use crate::common::{Folder, run};
use crate::place_columns::CITY;

/// Why a file or a folder is not imported.
fn refusal(folder: &Folder, name: &str) -> String {
    let path = folder.file(name);
    let output = run(folder, &[&["import", path.to_str().unwrap()][..], &CITY].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(2) && !said.contains("panicked"), "{name}: {said}");
    said
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn files_of_other_formats_are_named_alone_and_packed() {
    let open311 = b"<?xml version=\"1.0\"?>\n<service_requests>\n <request><service_request_id>1\
                    </service_request_id></request>\n</service_requests>";
    for (bytes, words) in [
        (&open311[..], "take requests.json instead of requests.xml"),
        (b"<?xml version='1.0'?><incidents><incident/></incidents>", "is XML, which is not read"),
        (b"<wfs:FeatureCollection xmlns:wfs='x'/>", "outputFormat=application/json"),
        (b"<!doctype html><title>Sign in</title>", "is an HTML page ('Sign in')"),
        (b"<kml xmlns='x'><Document/></kml>", "is KML: export it as GeoJSON"),
        (b"%PDF-1.7\n%x", "is a PDF: ask for the data as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 rest", "(.xls): save it as .xlsx or CSV"),
        (b"\0\0\x27\x0a\0\0\0\0 rest", "is a shapefile: export it as GeoJSON"),
        (b"jQuery123_4({\"a\": [{\"id\": 1}]});", "is JSON within a script (JSONP)"),
    ] {
        let folder = Folder::new("foreign");
        folder.with("a.csv", bytes);
        folder.with("a.zip", zip(&[("in/a.data", bytes)]));
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(bytes).unwrap();
        folder.with("a.gz", gzip.finish().unwrap());
        for name in ["a.csv", "a.zip", "a.gz"] {
            let said = refusal(&folder, name);
            assert!(said.contains(words), "{name}: {said}");
        }
    }
}

#[test]
fn archives_and_folders_of_documents_are_named() {
    let folder = Folder::new("foreign");
    for (files, words) in [
        (&["roads.SHP", "roads.dbf", "roads.prj"][..], "is a shapefile: export it as GeoJSON"),
        (&["city.gdb/a00000001.gdbtable", "city.gdb/gdb"], "is a file geodatabase of Esri (.gdb)"),
        (&["mimetype", "content.xml", "styles.xml"], "(.ods): save it as .xlsx or CSV"),
        (&["xl/workbook.bin"], "(.xlsb): save it as .xlsx or CSV"),
        (&["doc.kml", "files/icon.png"], "is KML: export it as GeoJSON"),
        (&["Index/Document.iwa", "Metadata/x.plist"], "Numbers document"),
        (&["a.TAB", "a.dat", "a.map", "a.id"], "is a MapInfo layer"),
    ] {
        folder.with("a.zip", zip(&files.iter().map(|name| (*name, &b"x"[..])).collect::<Vec<_>>()));
        let said = refusal(&folder, "a.zip");
        assert!(said.contains(words), "{files:?}: {said}");
    }
    std::fs::create_dir(folder.file("city.gdb")).unwrap();
    std::fs::write(folder.file("city.gdb").join("a00000001.gdbtable"), "x").unwrap();
    assert!(refusal(&folder, "city.gdb").contains("is a file geodatabase of Esri (.gdb)"));
    std::fs::create_dir(folder.file("other")).unwrap();
    assert!(refusal(&folder, "other").contains("is a directory, not a file"));
}

#[test]
fn a_parquet_file_in_an_archive_is_read() {
    let folder = Folder::new("foreign");
    crate::common::done(&folder, &["generate", "--reports", "60", "--seed", "5"]);
    crate::common::done(&folder, &["export", "--format", "geoparquet", "-o", "a.parquet"]);
    let bytes = std::fs::read(folder.file("a.parquet")).unwrap();
    let other = Folder::new("foreign");
    let file = other.with("a.zip", zip(&[("a.parquet", &bytes)]));
    let said = crate::common::done(&other, &["import", file.to_str().unwrap()]);
    assert!(said.contains("60 added") && said.contains("Parquet, zip"), "{said}");
}
