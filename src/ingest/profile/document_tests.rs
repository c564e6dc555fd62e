//! Profiles: those that are built in, their headers, and the words of mappings.

use crate::domain::fields::ALL;
use crate::ingest::profile::document::{Profile, column_name};

#[test]
fn the_built_in_profiles_are_well_formed() {
    let all = Profile::all().unwrap();
    assert_eq!(all.len(), 10);
    for profile in all {
        assert!(!profile.header.is_empty() && !profile.name.is_empty(), "{}", profile.name);
    }
}

#[test]
fn our_own_exports_are_read_back_with_every_field() {
    for name in ["geojson", "open311-bulk"] {
        let profile = Profile::builtin(name).unwrap();
        for field in ALL.iter().filter(|field| field.import.is_some()) {
            let columns = &profile.columns[field.import.unwrap()];
            let known = [field.name.to_owned(), format!("*{}", field.name)];
            assert!(columns.iter().any(|column| known.contains(column)), "{}", field.name);
        }
    }
}

#[test]
fn headers_find_their_profile() {
    for (header, name) in [
        ("ID_UNIQUE,NATURE,ACTI_NOM,DDS_DATE_CREATION,LOC_LONG,LOC_LAT", "montreal"),
        ("_id,case_enquiry_id,open_dt,sla_target_dt,on_time,case_title", "boston"),
        ("Unique Key,Created Date,Closed Date,Complaint Type", "nyc"),
        ("unique_key,created_date,complaint_type", "nyc"),
        ("Unique Key,Created Date,Problem (formerly Complaint Type)", "nyc"),
        ("SR_NUMBER,SR_TYPE,OWNER_DEPARTMENT,CREATED_DATE", "chicago"),
        ("CREATION DATE,STATUS,SERVICE REQUEST NUMBER,TYPE OF SERVICE REQUEST", "chicago-legacy"),
        ("SRRecordID,ServiceRequestNum,SRType,MethodReceived,CreatedDate", "baltimore"),
        ("CaseID,Opened,Closed,Category,Supervisor District", "sf"),
        ("unique_key,created_date,category,complaint_type,supervisor_district", "sf"),
        ("date,year,service_code,e,n", "zurich"),
        ("service_request_id,requested_datetime,service_name,lat,long", "open311-bulk"),
    ] {
        let header: Vec<String> = header.split(',').map(column_name).collect();
        let known = Profile::recognise(&header).unwrap();
        assert!(known.serves(&header) && known.name == name, "{name}");
    }
    assert!(Profile::recognise(&["a".into(), "b".into()]).is_none());
}

#[test]
fn columns_are_named_in_any_case_and_with_any_signs() {
    let text = "[columns]\ncategory = ['Kategorie']\nid = ['Fall-Nr.', '_id']\n\
                address = ['Straße+Haus Nr']\n[approximate_when]\n'Ungenau?' = '1'";
    let mapping = Profile::parse(text).unwrap();
    assert_eq!(mapping.columns["category"], ["kategorie"]);
    assert_eq!(mapping.columns["id"], ["fall_nr", "id"]);
    assert_eq!(mapping.columns["address"], [[column_name("Straße"), "haus_nr".into()].join("+")]);
    assert_eq!(mapping.approximate_when["ungenau"], "1");
}

#[test]
fn a_mapping_may_extend_a_profile() {
    let text = "extends = 'boston'\n[services]\n'Street Light Outages' = 'lampadaire'";
    let mapping = Profile::parse(text).unwrap();
    assert_eq!(mapping.services["street light outages"], "lampadaire");
    assert_eq!(mapping.columns["id"], ["case_enquiry_id"]);
    for (bad, word) in [
        ("[columns]\nlatitud = ['x']", "latitud"),
        ("[status]\n'Fini' = 'done'", "done"),
        ("colour = 1", "colour"),
        ("extends = 'gotham'", "gotham"),
    ] {
        assert!(Profile::parse(bad).unwrap_err().contains(word), "{bad}");
    }
}
