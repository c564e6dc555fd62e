//! The survey with the mapping that it decides for, on rows whose cells are separated by bars.

use jiff::tz::TimeZone;

use crate::error::Result;
use crate::ingest::mapping::row_draft::{Mapping, RowCells};
use crate::ingest::profile::document::Profile;
use crate::ingest::survey::rows::Survey;
use crate::place::BBox;

struct Line<'a>(Vec<&'a str>);
impl RowCells for Line<'_> {
    fn cell(&self, column: usize) -> Option<&str> {
        self.0.get(column).copied()
    }
}

const NOW: i64 = 1_795_000_000;

/// The drafts of rows whose cells are separated by bars, after a survey of all of them.
fn read(profile: &str, rows: &[&str]) -> Result<Vec<String>> {
    let profile = format!(
        "name = 't'\n{profile}\n[columns]\nid = ['sr']\nrequested = ['opened']\n\
         closed = ['closed']\npoint = ['where']\nlon = ['lon']\nlat = ['lat']\nx = ['x']\n\
         y = ['y']\n[defaults]\ncategory = 'Trou'"
    );
    let profile = Profile::parse(&profile).unwrap();
    let header = ["sr", "opened", "closed", "where", "lon", "lat", "x", "y"];
    let header: Vec<String> = header.iter().map(|name| (*name).to_owned()).collect();
    let extent = profile.extent.map(|[w, s, e, n]| BBox::new(w, s, e, n).unwrap());
    let zone = TimeZone::get("America/Toronto").unwrap();
    let mut mapping = Mapping::new(profile, zone, extent, false, &header).unwrap();
    let mut survey = Survey::new(NOW);
    for row in rows {
        survey.row(&mapping, &Line(row.split('|').collect()));
    }
    survey.settle(&mut mapping)?;
    let shown = |row: &&str| match mapping.draft(&Line(row.split('|').collect())) {
        Ok((draft, _)) => {
            let place = draft.lon_lat.map(|(lon, lat)| format!(" {lon:.4} {lat:.4}"));
            let closed = draft.closed.map(|at| format!(" to {at}")).unwrap_or_default();
            format!("{}{closed}{}", draft.requested.unwrap(), place.unwrap_or_default())
        }
        Err(refused) => refused[0].field.clone(),
    };
    Ok(rows.iter().map(shown).collect())
}

#[test]
fn all_rows_decide_day_and_month() {
    let rows = ["e1|13/02/2026", "e2|05/02/2026"];
    assert_eq!(read("", &rows).unwrap(), ["2026-02-13", "2026-02-05"]);
    let rows = ["e1|02/13/2026", "e2|02/05/2026"];
    assert_eq!(read("", &rows).unwrap(), ["2026-02-13", "2026-02-05"]);
    let said = read("", &["e1|05/02/2026", "e2|04/03/2026"]).unwrap_err().to_string();
    assert!(said.contains("--date-order dmy"), "{said}");
    let rows = ["e1|05/02/2026", "e2|04/03/2026"];
    assert_eq!(read("date_order = 'mdy'", &rows).unwrap(), ["2026-05-02", "2026-04-03"]);
    let rows =
        ["a|2014-Jul-01 00:01:48", "b|27.05.2026 14:05", "c|2026/05/27 02:08:51+00", "d|20260527"];
    assert_eq!(
        read("", &rows).unwrap(),
        ["2014-07-01T04:01:48Z", "2026-05-27T18:05:00Z", "2026-05-27T02:08:51Z", "2026-05-27"]
    );
}

#[test]
fn all_rows_and_the_extent_decide_the_order_of_pairs() {
    let rows = ["a|2026-02-13||46.81, -71.21", "b|2026-02-13||POINT Z (-71.21 46.81 12.5)"];
    let here = "2026-02-13 -71.2100 46.8100";
    assert_eq!(read("", &rows).unwrap(), [here, here]);
    let rows = ["a|2026-02-13||-71.21, 46.81", "b|2026-02-13||{'lon': -71.21, 'lat': 46.81}"];
    assert_eq!(read("", &rows).unwrap(), [here, here]);
    let extent = "extent = [-71.6, 46.7, -71.1, 47.0]";
    assert_eq!(read(extent, &["a|2026-02-13||-71.21 46.81"]).unwrap(), [here]);
    let far = "2026-02-13 46.8100 -71.2100";
    assert_eq!(read("point_order = 'lon, lat'", &["a|2026-02-13||46.81 -71.21"]).unwrap(), [far]);
    assert_eq!(read("", &["a|2026-02-13||over there"]).unwrap(), ["point"]);
}

#[test]
fn all_rows_and_the_city_decide_what_o_is() {
    let row = ["a|2026-02-13||48°48'36\"N 9°12'36\"O"];
    let (west, east) = ("2026-02-13 -9.2100 48.8100", "2026-02-13 9.2100 48.8100");
    assert_eq!(read("", &row).unwrap(), [west]);
    assert_eq!(read("extent = [9.0, 48.6, 9.4, 48.9]", &row).unwrap(), [east]);
    let beside = [row[0], "b|2026-02-13||48°48'36\"N 9°12'36\"W"];
    assert_eq!(read("", &beside).unwrap(), [east, west]);
    let beside = [row[0], "b|2026-02-13||48°48'36\"N 9°12'36\"E"];
    assert_eq!(read("", &beside).unwrap(), [west, east]);
    let columns = ["a|2026-02-13|||9°12'36\"O|48°48'36\"N", "b|2026-02-13|||9.3|48.8"];
    assert_eq!(read("", &columns).unwrap()[0], east);
}

#[test]
fn the_projection_is_recognised_or_asked_for() {
    let paris = "extent = [2.22, 48.81, 2.47, 48.91]";
    let row = "a|2026-02-13|||||648237|6862272";
    let found = read(paris, &[row]).unwrap();
    assert!(found[0].starts_with("2026-02-13 2.294"), "{found:?}");
    let said = read("", &[row]).unwrap_err().to_string();
    assert!(said.contains("--projection EPSG:CODE"), "{said}");
    let both = ["a|2026-02-13|||-73.6335135|45.4265142|294352.32|5031850.88"; 3];
    let alone = "b|2026-02-13|||||303947.060773187|5050719.35770835";
    let found = read("", &[both[0], both[1], both[2], alone]).unwrap();
    assert_eq!(found[3], "2026-02-13 -73.5109 45.5964");
}

#[test]
fn times_that_are_all_midnight_are_days() {
    let row = "a|2026-11-10 15:00:00|2026-11-10 00:00:00";
    let found = read("", &[row; 12]).unwrap();
    assert_eq!(found[0], "2026-11-10T20:00:00Z to 2026-11-10");
    let found = read("", &["a|2026-11-10 15:00:00|2026-11-11 00:00:00"]).unwrap();
    assert_eq!(found[0], "2026-11-10T20:00:00Z to 2026-11-11T05:00:00Z");
}

#[test]
fn a_closing_in_the_repeated_hour_is_after_its_opening() {
    let found = read("", &["a|2025-11-02 01:50:00|2025-11-02 01:10:00"]).unwrap();
    assert_eq!(found[0], "2025-11-02T05:50:00Z to 2025-11-02T06:10:00Z");
    let found = read("", &["a|2025-11-02T05:50:00Z|2025-11-02T05:10:00Z"]).unwrap();
    assert_eq!(found[0], "2025-11-02T05:50:00Z to 2025-11-02T05:10:00Z");
}
