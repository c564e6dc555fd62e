//! Rows of the built-in profiles become drafts.

use jiff::tz::TimeZone;

use crate::domain::{Accuracy, ClosedReason, Nature, Status};
use crate::error::Refusal;
use crate::ingest::mapping::row_draft::{MappedRow, Mapping, RowCells};
use crate::ingest::profile::document::{Profile, column_name};
use crate::place::BBox;

struct Line<'a>(Vec<&'a str>);
impl RowCells for Line<'_> {
    fn cell(&self, column: usize) -> Option<&str> {
        self.0.get(column).copied()
    }
}

fn map(profile: &str, header: &str, row: &str, fix: bool) -> Result<MappedRow, Vec<Refusal>> {
    let profile = Profile::builtin(profile).unwrap();
    let zone = profile.time_zone.as_deref().unwrap_or("UTC");
    let zone = TimeZone::get(zone).unwrap();
    let extent = profile.extent.map(|[w, s, e, n]| BBox::new(w, s, e, n).unwrap());
    let header: Vec<String> = header.split('|').map(column_name).collect();
    let mapping = Mapping::new(profile, zone, extent, fix, &header).unwrap();
    mapping.draft(&Line(row.split('|').collect()))
}

const BOSTON: &str =
    "case_enquiry_id|open_dt|closed_dt|case_status|closure_reason|type|latitude|longitude";

#[test]
fn boston_default_point_is_kept_and_marked() {
    let row = "1010|2011-07-01 01:32:33||Open||Potholes|42.3594|-71.0587";
    let (draft, _) = map("boston", BOSTON, row, false).unwrap();
    assert_eq!(draft.accuracy, Some(Accuracy::Approximate));
    let row = "1010|2011-07-01 01:32:33||Open||Potholes|42.3604|-71.0587";
    assert_eq!(map("boston", BOSTON, row, false).unwrap().0.accuracy, Some(Accuracy::Exact));
}

#[test]
fn boston_duplicates_name_their_parent() {
    let row = "1010|2011-07-01 01:32:33|2011-07-02 01:00:00|Closed|Case Closed \
               Duplicate of Existing Case 101000295999|Potholes|42.3|-71.1";
    let (draft, _) = map("boston", BOSTON, row, false).unwrap();
    assert_eq!(draft.reason, Some(ClosedReason::Duplicate));
    assert_eq!(draft.parent.as_deref(), Some("101000295999"));
    assert_eq!(draft.source_status.as_deref(), Some("Closed"));
}

#[test]
fn swapped_coordinates_are_refused_or_corrected() {
    let row = "1010|2011-07-01 01:32:33||Open||Potholes|-71.1|42.3";
    let refused = map("boston", BOSTON, row, false).unwrap_err();
    assert!(refused[0].message.en.contains("--fix-swapped"));
    assert_eq!(map("boston", BOSTON, row, true).unwrap().0.lon_lat, Some((-71.1, 42.3)));
}

#[test]
fn projected_only_rows_are_placed() {
    let header = "Unique Key|Created Date|Complaint Type|X Coordinate (State Plane)|\
                  Y Coordinate (State Plane)|Latitude|Longitude|Location";
    let row = "1|04/18/2019 09:55:45 PM|Noise|1002973|152924|||";
    let (lon, lat) = map("nyc", header, row, false).unwrap().0.lon_lat.unwrap();
    assert!((lon + 73.9325913).abs() < 1e-5 && (lat - 40.5863974).abs() < 1e-5);
    let row = "1|04/18/2019 09:55:45 PM|Noise|||||(40.5863974, -73.9325913)";
    assert_eq!(map("nyc", header, row, false).unwrap().0.lon_lat, Some((-73.9325913, 40.5863974)));
}

#[test]
fn null_island_is_no_place_and_centroids_are_approximate() {
    let header = "unique_key|created_date|complaint_type|latitude|longitude";
    let row = "1|2019-12-31T23:59:11.000|Noise|0|0";
    assert_eq!(map("nyc", header, row, false).unwrap().0.lon_lat, None);
    let row = "1|2019-12-31T23:59:11.000|Noise|40.1123853|-77.5195844";
    let (draft, _) = map("nyc", header, row, false).unwrap();
    assert_eq!(draft.accuracy, Some(Accuracy::Approximate));
}

#[test]
fn montreal_error_flag_missing_id_and_retired_category() {
    let header = "ID_UNIQUE|NATURE|ACTI_NOM|LOC_ERREUR_GDT|DDS_DATE_CREATION|LOC_LONG|LOC_LAT|\
                  LOC_X|LOC_Y|DERNIER_STATUT";
    let row = "16-1|Requete|*Z-Nid-de-poule  ancien|1|2016-01-02T17:02:28|-73.51|45.59|0|0|\
               Prise en charge";
    let (draft, category) = map("montreal", header, row, false).unwrap();
    assert_eq!(draft.accuracy, Some(Accuracy::Approximate));
    assert_eq!(draft.service, "z-nid-de-poule-ancien");
    assert_eq!(category.unwrap().name, "*Z-Nid-de-poule  ancien");
    assert_eq!(draft.status, Some(Status::InProgress));
    assert_eq!(draft.source_status.as_deref(), Some("Prise en charge"));
    let row = "|Information|Nid-de-poule||2016-01-02T17:02:28|0|0|0|0|";
    let (draft, _) = map("montreal", header, row, false).unwrap();
    assert_eq!((draft.id, draft.lon_lat), (None, None));
    assert_eq!(draft.nature, Some(Nature::Information));
}

#[test]
fn every_unreadable_value_is_named() {
    let row = "1010|hier|2011-07-02|Open||Potholes|north|-71.1";
    let refused = map("boston", BOSTON, row, false).unwrap_err();
    let fields: Vec<_> = refused.iter().map(|refusal| refusal.field.as_str()).collect();
    assert_eq!(fields, ["lat", "requested_datetime"]);
    let refused = map("boston", BOSTON, "1010||||||42.3|", false).unwrap_err();
    let fields: Vec<_> = refused.iter().map(|refusal| refusal.field.as_str()).collect();
    assert_eq!(fields, ["service_name", "lon", "requested_datetime"]);
}

#[test]
fn chicago_both_layouts() {
    let header = "SR_NUMBER|SR_TYPE|STATUS|CREATED_DATE|CLOSED_DATE|DUPLICATE|PARENT_SR_NUMBER|\
                  X_COORDINATE|Y_COORDINATE|LATITUDE|LONGITUDE";
    let row = "SR19-2|Pothole in Street Complaint|Completed|03/01/2019 12:34:56 PM|\
               03/02/2019 01:00:00 PM|true|SR19-1|||41.88|-87.63";
    let (draft, _) = map("chicago", header, row, false).unwrap();
    assert_eq!(draft.reason, Some(ClosedReason::Duplicate));
    assert_eq!(draft.parent.as_deref(), Some("SR19-1"));
    let header = "CREATION DATE|STATUS|COMPLETION DATE|SERVICE REQUEST NUMBER|\
                  TYPE OF SERVICE REQUEST|X COORDINATE|Y COORDINATE|LATITUDE|LONGITUDE";
    let row =
        "03/12/2018|Completed - Dup|03/12/2018|18-03389580|Pothole in Street|1176315|1900437||";
    let (draft, _) = map("chicago-legacy", header, row, false).unwrap();
    assert_eq!(draft.requested.unwrap().to_string(), "2018-03-12");
    assert_eq!(draft.reason, Some(ClosedReason::Duplicate));
    assert!((draft.lon_lat.unwrap().0 + 87.6277).abs() < 1e-3);
}
