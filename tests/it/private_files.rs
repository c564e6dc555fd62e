//! Files with personal data are readable by the user of the service alone.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::common::*;

/// Every file and folder below a folder with more rights than its owner's.
fn readable_by_others(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = std::fs::metadata(&path).unwrap();
        if kind.permissions().mode() & 0o077 != 0 {
            found.push(path.display().to_string());
        }
        if kind.is_dir() {
            readable_by_others(&path, found);
        }
    }
}

#[test]
fn stores_exports_photos_and_uploads_are_private() {
    let folder = demo_city("private", 500, 3);
    for name in ["csv", "geojson", "gpkg", "geoparquet"] {
        done(&folder, &["export", "--format", name, "--output", &format!("out.{name}")]);
    }
    let service = Service::start(&folder, &["--media", "photos"]);
    assert_eq!(service.ask("POST", "/api/v1/media", &[], &jpeg(40, 30)).status, 201);
    let upload = service.post("/api/v1/imports?name=a.csv", "id,type,lat,lon\n1,Trou,46.8,-71.2\n");
    assert_eq!(upload.status, 201);
    let mut found = Vec::new();
    readable_by_others(&folder.0, &mut found);
    assert_eq!(found, Vec::<String>::new());
}
