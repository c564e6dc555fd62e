//! Files of invented cities in several languages: what their columns are taken for.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::ingest::read::{Input, ReadOptions};
use crate::ingest::recognition::mapping::Declared;
use crate::ingest::recognition::recognised::Recognition;

pub fn recognised(name: &str, text: &str) -> Recognition {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let name = format!("pointchaud-{}-{number}-{name}", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, text).unwrap();
    let input = Input::open(&path, &ReadOptions::default()).unwrap();
    let recognition = Recognition::of(&input).unwrap();
    std::fs::remove_file(&path).unwrap();
    recognition
}

/// Columns and the field each is read as.
fn fields(recognition: &Recognition) -> Vec<(&str, &str)> {
    let columns = recognition.columns.iter();
    columns.filter_map(|column| Some((column.name.as_str(), column.field?))).collect()
}

/// The header, then the row 40 times; `#` is the number of the row from 10 and `~` a word that
/// changes from row to row.
fn table(header: &str, row: &str) -> String {
    let words = ["alfa", "beta", "gama"];
    let line = |n: usize| row.replace('#', &n.to_string()).replace('~', words[n % 3]);
    let rows: Vec<String> = (10..50).map(line).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

/// Headers of one layout in eight languages, each with a row.
const LANGUAGES: [(&str, &str); 8] = [
    (
        "TICKETID,DATECREATED,DATECLOSED,PROBLEMTYPE,TICKETSTATUS,STREETADDRESS,LAT,LNG",
        "T-#,2025-03-02 08:#:00,2025-03-04 09:#:00,~,Open,# Elm St,44.1#,-80.2#",
    ),
    (
        "Référence;Date de création;Date de clôture;Catégorie;État;Adresse;Latitude;Longitude",
        "S#;2025-03-02T08:#:00Z;;~;En cours;# rue Neuve;46,1#;4,2#",
    ),
    (
        "Meldungsnummer;Eingangsdatum;Abschlussdatum;Kategorie;Status;Straße;Breitengrad;\
         Längengrad",
        "#1;02.03.2025 08:#;04.03.2025 09:#;~;Erledigt;Gasse #;48,1#;9,2#",
    ),
    (
        "Folio,Fecha de apertura,Fecha de cierre,Tipo,Estado,Dirección,Latitud,Longitud",
        "F#,2025-03-02 08:#,2025-03-04 08:#,~,Cerrado,Calle #,40.1#,-3.2#",
    ),
    (
        "Numero segnalazione,Data inserimento,Data chiusura,Categoria,Stato,Indirizzo,\
         Latitudine,Longitudine",
        "#,2025-03-02 08:#,2025-03-04 08:#,~,Chiuso,Via #,45.1#,9.2#",
    ),
    (
        "protocolo;data_abertura;data_encerramento;assunto;situacao;endereco;latitude;longitude",
        "#/2025;2025-03-02 08:#;2025-03-04 08:#;~;Encerrado;Rua #;-25,1#;-49,2#",
    ),
    (
        "meldingsnummer;aanmaakdatum;datum afhandeling;categorie;status;adres;breedtegraad;\
         lengtegraad",
        "#;2025-03-02 08:#;2025-03-04 08:#;~;Gesloten;Straat #;52,1#;5,2#",
    ),
    (
        "Numer zgłoszenia;Data utworzenia;Data zamknięcia;Kategoria;Stan;Ulica;\
         Szerokość;Długość",
        "#;2025-03-02 08:#;2025-03-04 08:#;~;Zamknięte;Nowa #;50,1#;19,2#",
    ),
];

#[test]
fn layouts_in_eight_languages_are_recognised_by_names_and_values() {
    for (header, row) in LANGUAGES {
        let found = recognised("city.csv", &table(header, row));
        let taken: Vec<&str> = fields(&found).iter().map(|(_, field)| *field).collect();
        let wanted = "id requested closed category status address lat lon";
        assert_eq!(taken.join(" "), wanted, "{header}: {:?}", found.columns);
        assert!(found.is_sure(), "{header}: {:?}", found.doubts);
        assert!(
            found
                .columns
                .iter()
                .all(|column| !column.examples.is_empty() || header.contains("clôture"))
        );
        let profile = found.profile().unwrap();
        assert_eq!(profile.columns.len(), 8, "{header}");
        assert_eq!(found.needs_time_zone, !row.contains("00Z"), "{header}");
    }
}

#[test]
fn values_contradict_names_and_speak_where_names_are_silent() {
    // `lat` holds projected numbers, and `where` places.
    let row = "#,2025-03-02T08:#:00Z,~,9144#.5,Closed,\"1 A St (44.5#, -80.25)\"";
    let found = recognised("a.csv", &table("id,opened,type,lat,progress,where", row));
    assert_eq!(
        fields(&found),
        [("id", "id"), ("opened", "requested"), ("type", "category"), ("where", "point")]
    );
    let text = table("id,opened,type,progress", "#,2025-03-02T08:#:00Z,~,~")
        .replace(",alfa\n", ",Open\n")
        .replace(",beta\n", ",Closed\n")
        .replace(",gama\n", ",In progress\n");
    assert!(fields(&recognised("b.csv", &text)).contains(&("progress", "status")));
    let projected = recognised(
        "c.csv",
        &table("id,opened,type,X,Y", "#,2025-03-02T08:#:00Z,~,3003#.5,50401#.25"),
    );
    assert!(fields(&projected).ends_with(&[("X", "x"), ("Y", "y")]), "{:?}", projected.columns);
}

#[test]
fn what_is_not_sure_is_not_taken() {
    let doubts = |header: &str, row: &str| {
        let found = recognised("city.csv", &table(header, row));
        assert!(!found.is_sure(), "{header}");
        let said: Vec<&str> = found.doubts.iter().map(|doubt| doubt.en.as_str()).collect();
        let mapping = found.mapping(&Declared::default());
        assert!(said.iter().all(|doubt| mapping.contains(doubt)), "{mapping}");
        said.join("; ")
    };
    let said = doubts("id,created,opened,type", "#,2025-03-02 08:#,2025-03-03 08:#,~");
    assert_eq!(said, "requested: 'created' or 'opened'");
    let said = doubts("id,foo,type", "#,bar,~");
    assert!(said.contains("requested"), "{said}");
    let said = doubts("id,created,bar", "#,2025-03-02 08:#,~");
    assert!(said.contains("category"), "{said}");
    let said = doubts("id,created,type,lat", "#,2025-03-02 08:#,~,44.5#");
    assert_eq!(said, "'lat' without 'lon'");
    // Two unnamed columns of degrees may be a place.
    let said = doubts("id,created,type,u,v", "#,2025-03-02 08:#,~,44.51#1,20.22#1");
    assert!(said.contains("perhaps 'u'"), "{said}");
}

#[test]
fn periods_repeated_names_and_numbers_are_not_times() {
    let found = recognised(
        "city.csv",
        &table(
            "id,year,created,type,ward,postcode,created",
            "#,2025,2025-03-02T08:#:00Z,~,#,750#,2025-03-02T09:#:00Z",
        ),
    );
    let taken = fields(&found);
    assert!(found.is_sure(), "{:?}", found.doubts);
    assert_eq!(taken.iter().filter(|(_, field)| *field == "requested").count(), 1);
    assert!(taken.contains(&("ward", "area")) && taken.contains(&("postcode", "zipcode")));
    assert!(!taken.iter().any(|(name, _)| *name == "year"));
}

#[test]
fn a_mapping_is_well_formed_whatever_the_names_are() {
    for name in ["a\"b\\c", "tab\there", "Парк", "", "日付", "a+b", "\u{7f}"] {
        let quoted = format!("\"{}\"", name.replace('"', "\"\""));
        let header = format!("id,created,type,{quoted}");
        let found = recognised("city.csv", &table(&header, "#,2025-03-02 08:#,~,x"));
        let profile = found.profile().unwrap();
        assert_eq!(profile.columns["requested"], ["created"], "{name}");
        let named = found.mapping(&Declared {
            jurisdiction: Some("a\"b"),
            time_zone: Some("Europe/Paris"),
            ..Declared::default()
        });
        assert!(crate::ingest::Profile::parse(&named).is_ok(), "{named}");
    }
}

/// What the mapping lists for each field, in the order of the file.
fn mapping_lines(recognition: &Recognition) -> String {
    let mapping = recognition.mapping(&Declared::default());
    let (_, columns) = mapping.split_once("[columns]\n").unwrap();
    let lines = columns.lines().take_while(|line| !line.starts_with('['));
    let lines = lines.filter(|line| line.contains(" = ") && !line.starts_with('#'));
    lines.map(|line| line.split("  #").next().unwrap()).collect::<Vec<_>>().join("; ")
}

/// Rows of a coarse type, its kind, its code, and the nature of the request.
fn levels_of_categories(header: &str) -> String {
    let kinds = ["Road;Hole;A1", "Road;Crack;A2", "Park;Tree;B1", "Park;Bench;B2"];
    let natures = ["Queja", "Solicitud"];
    let row =
        |n: usize| format!("{n};2025-03-02T08:{n}:00Z;{};{}\n", kinds[n % 4], natures[n / 4 % 2]);
    format!("{header}\n{}", (10..60).map(row).collect::<String>())
}

#[test]
fn of_several_levels_of_categories_the_finest_is_taken() {
    for header in [
        "id;created;type;subtype;code;tipo",
        "id;created;service_type_description;service_code_description;service_code;clase",
        "Vorgangsnummer;Eingangsdatum;Kategorie;Unterkategorie;Kode;Art",
        "id;datecreation;type;soustype;code;nature",
    ] {
        let found = recognised("levels.csv", &levels_of_categories(header));
        let fields = fields(&found);
        let names: Vec<&str> = header.split(';').collect();
        assert!(found.is_sure(), "{header}: {:?}", found.doubts);
        assert!(fields.contains(&(names[2], "hint")), "{fields:?}");
        assert!(fields.contains(&(names[3], "category")), "{fields:?}");
    }
    let found =
        recognised("nature.csv", &levels_of_categories("id;created;type;subtype;code;tipo"));
    assert!(fields(&found).contains(&("tipo", "nature")));
    let profile = found.profile().unwrap();
    assert_eq!(profile.nature["queja"], "complaint");
    assert_eq!(profile.nature["solicitud"], "intervention");
    // Rows without the finer word keep the coarser one.
    let text = levels_of_categories("id;created;type;subtype;code;x").replace(";Bench;", ";;");
    let lines = mapping_lines(&recognised("gaps.csv", &text));
    assert!(lines.contains("category = [\"subtype\", \"type\"]"), "{lines}");
    assert!(lines.contains("hint = [\"type\"]"), "{lines}");
    let text = levels_of_categories("id;created;x;problem_name;problem_code;y");
    let text = text.replace(";Bench;", ";;");
    let lines = mapping_lines(&recognised("codes.csv", &text));
    assert!(lines.contains("category = [\"problem_name\", \"problem_code\"]"), "{lines}");
}

#[test]
fn categories_about_different_things_are_a_doubt() {
    let row = |n: usize| {
        let (topic, theme) = (["Road", "Park", "Noise"][n % 3], ["Day", "Night"][n % 2]);
        format!("{n},2025-03-02T08:{n}:00Z,{topic},{theme}\n")
    };
    let rows: String = (10..60).map(row).collect();
    let found = recognised("two.csv", &format!("id,created,topic,theme\n{rows}"));
    let said: Vec<&str> = found.doubts.iter().map(|doubt| doubt.en.as_str()).collect();
    assert_eq!(said, ["category: 'topic' or 'theme'"]);
}

#[test]
fn a_day_and_its_time_of_day_are_one_time() {
    for (header, row) in [
        ("id,creation date,creation time,type", "#,10/30/2025,09:# AM,~"),
        ("SOLICITACAO;DATA;HORARIO;ASSUNTO", "9#;30/10/2025;09:#:12;~"),
        ("id;fecha_ingreso;hora_ingreso;categoria", "#;2025-10-30;09:#;~"),
    ] {
        let found = recognised("hours.csv", &table(header, row));
        let lines = mapping_lines(&found);
        let keys: Vec<String> =
            header.split([',', ';']).map(crate::ingest::profile::document::column_name).collect();
        let wanted = format!("requested = [\"{0}+{1}\", \"{0}\"]", keys[1], keys[2]);
        assert!(lines.contains(&wanted), "{lines}");
    }
    let text = table(
        "id,creation date,creation time,type,close date,close time",
        "#,10/30/2025,09:# AM,~,10/31/2025,17:#",
    );
    let lines = mapping_lines(&recognised("ends.csv", &text));
    assert!(lines.contains("closed = [\"close_date+close_time\", \"close_date\"]"), "{lines}");
}

#[test]
fn numbers_of_rows_and_houses_are_no_keys() {
    for (header, row, id) in [
        ("_id,FITXA_ID,created,type", "#,F#,2025-03-02T08:#:00Z,~", "FITXA_ID"),
        ("OBJECTID,case_no,created,type", "#,C#,2025-03-02T08:#:00Z,~", "case_no"),
        ("numero,id_dmr,created,type", "#,S#,2025-03-02T08:#:00Z,~", "id_dmr"),
        ("house number,ref,created,type", "#,S#,2025-03-02T08:#:00Z,~", "ref"),
    ] {
        let found = recognised("keys.csv", &table(header, row));
        let ids: Vec<&str> = fields(&found).iter().filter(|f| f.1 == "id").map(|f| f.0).collect();
        assert_eq!(ids, [id], "{header}");
    }
    // The same request in several rows has one key.
    let text = table("REQUESTID,created,type", "#,2025-03-02T08:#:00Z,~");
    let text = format!("{text}10,2025-03-02T08:10:00Z,alfa\n11,2025-03-02T08:11:00Z,alfa\n");
    assert!(fields(&recognised("twice.csv", &text)).contains(&("REQUESTID", "id")));
}

#[test]
fn status_columns_are_named_by_their_values_and_doubted_by_their_names() {
    let row = "#,2025-03-02T08:#:00Z,~,?";
    for (name, word, field) in [
        ("status_description", "Duplicate (closed)", Some("status")),
        ("status", "Phase 7", Some("status")),
        ("state", "NY", None),
        ("status_date", "2025-03-04T08:00:00Z", Some("updated")),
        ("answered", "Y", None),
        ("direction", "NW", None),
        ("link", "https://city.example/1", None),
        ("story", "Hay un problema con un elemento en la calle", None),
    ] {
        let text = table(&format!("id,created,type,{name}"), row).replace('?', word);
        let found = recognised("status.csv", &text);
        let taken = fields(&found).iter().find(|one| one.0 == name).map(|one| one.1);
        assert_eq!(taken, field, "{name}");
        assert!(found.is_sure(), "{name}: {:?}", found.doubts);
    }
    // Words that no list has, under a name that may mean a part of a country.
    let found = recognised("state.csv", &table("id,created,type,state", "#,2025-03-02,x,~#"));
    assert!(found.doubts.iter().any(|doubt| doubt.en.contains("status: perhaps 'state'")));
}

#[test]
fn members_of_a_place_are_no_fields() {
    let record = |n: usize| {
        let title = ["Hole", "Lamp"][n % 2];
        format!(
            "{{\"id\":{n},\"created_at\":\"2025-03-02T08:{n}:00Z\",\"lat\":44.5,\"lng\":-80.{n},\
             \"point\":{{\"type\":\"Point\",\"coordinates\":[-80.{n},44.5]}},\
             \"request_type\":{{\"id\":{},\"title\":\"{title}\",\
             \"url\":\"https://city.example/{n}\"}},\"status\":\"Open\"}}",
            n % 2 + 7
        )
    };
    let records: Vec<String> = (10..50).map(record).collect();
    let found = recognised("scf.json", &format!("{{\"issues\":[{}]}}", records.join(",")));
    assert!(found.is_sure(), "{:?}", found.doubts);
    let taken = fields(&found);
    assert!(taken.contains(&("request_type.title", "category")), "{taken:?}");
    let points: Vec<&str> = taken.iter().filter(|f| f.1 == "point").map(|f| f.0).collect();
    assert_eq!(points, ["point"]);
}

#[test]
fn arrays_of_socrata_have_the_city_s_columns_not_the_portal_s() {
    let names =
        [":id", ":created_at", "sr_number", "sr_type_desc", "sr_status_desc", "opened", "at"];
    let columns =
        names.map(|name| format!("{{\"name\":\"x\",\"fieldName\":\"{name}\"}}")).join(",");
    let row = |n: usize| {
        let place = match n {
            10 => "[null,null,null,null,false]".to_owned(),
            n => format!("[\"{{}}\",\"30.2{n}\",\"-97.7{n}\",null,false]"),
        };
        format!(
            "[\"row-{n}\",1701388800,\"23-{n}\",\"{}\",\"Closed\",\"2023-11-30T08:{n}:00\",\
             {place}]",
            ["Dog", "Hole"][n % 2]
        )
    };
    let rows: Vec<String> = (10..50).map(row).collect();
    let meta = format!("{{\"view\":{{\"columns\":[{columns}]}}}}");
    let text = format!("{{\"meta\":{meta},\"data\":[{}]}}", rows.join(","));
    let found = recognised("rows.json", &text);
    assert!(found.is_sure(), "{:?}", found.doubts);
    let wanted = [
        ("sr_number", "id"),
        ("sr_type_desc", "category"),
        ("sr_status_desc", "status"),
        ("opened", "requested"),
        ("at", "point"),
    ];
    assert_eq!(fields(&found), wanted);
}

#[test]
fn records_of_opendatasoft_and_arcgis_are_read_with_their_places() {
    let record = |n: usize| {
        format!(
            "{{\"recordid\":\"r{n}\",\"fields\":{{\"id_dmr\":\"S{n}\",\"datedecl\":\
             \"2023-01-02T08:{n}:00+01:00\",\"type\":\"{}\",\"geo_shape\":{{\"type\":\"Point\",\
             \"coordinates\":[2.3{n},48.86]}}}},\"geometry\":{{\"type\":\"Point\",\
             \"coordinates\":[2.3{n},48.86]}},\"record_timestamp\":\"2024-01-01T00:00:00Z\"}}",
            ["Graffiti", "Mobilier"][n % 2]
        )
    };
    let records: Vec<String> = (10..50).map(record).collect();
    let found =
        recognised("v1.json", &format!("{{\"nhits\":40,\"records\":[{}]}}", records.join(",")));
    assert!(found.is_sure(), "{:?}", found.doubts);
    let taken = fields(&found);
    for wanted in [("id_dmr", "id"), ("datedecl", "requested"), ("type", "category")] {
        assert!(taken.contains(&wanted), "{taken:?}");
    }
    let feature = |n: usize| {
        format!(
            "{{\"attributes\":{{\"OBJECTID\":{n},\"REQUESTID\":\"R{n}\",\"REQUESTTYPE\":\"{}\",\
             \"CREATIONDATE\":17041824{n}000}},\"geometry\":{{\"x\":-85750{n}.5,\"y\":4705000}}}}",
            ["Pothole", "Lamp"][n % 2]
        )
    };
    let features: Vec<String> = (10..50).map(feature).collect();
    let system = "{\"wkid\":102100,\"latestWkid\":3857}";
    let features = features.join(",");
    let text = format!("{{\"spatialReference\":{system},\"features\":[{features}]}}");
    let found = recognised("query.json", &text);
    let wanted = "REQUESTID id REQUESTTYPE category CREATIONDATE requested *lon lon *lat lat";
    let taken: Vec<String> = fields(&found).iter().map(|(a, b)| format!("{a} {b}")).collect();
    assert_eq!(taken.join(" "), wanted);
    let west = found.columns.iter().find(|column| column.name == "*lon").unwrap();
    assert!(west.examples[0].starts_with("-77.03"), "{:?}", west.examples);
}

#[test]
fn a_time_of_day_is_no_key_and_no_category() {
    let header = "Request ID,Request date,Request time,Request type";
    let found = recognised("a.csv", &table(header, "R-#,2025-03-02,08:#,~"));
    assert_eq!(
        fields(&found),
        [("Request ID", "id"), ("Request date", "requested"), ("Request type", "category")]
    );
    assert!(found.columns[2].joined, "{found:?}");
    let header = "Nummer;Datum melding;Tijd melding;Categorie";
    let found = recognised("b.csv", &table(header, "#;2025-03-02;10:15;~"));
    assert!(found.columns[2].field.is_none(), "{found:?}");
    assert_eq!(found.columns[3].field, Some("category"));
}

#[test]
fn coordinates_with_words_among_them_are_coordinates() {
    let rows: String = (10..50)
        .map(|n| match n % 8 {
            0 => format!("A{n},2025-03-02 08:{n},hole,unknown,unknown\n"),
            _ => format!("A{n},2025-03-02 08:{n},hole,45.5{n},-73.6{n}\n"),
        })
        .collect();
    let found = recognised("a.csv", &format!("id,created,type,lat,lon\n{rows}"));
    assert_eq!(fields(&found)[3..], [("lat", "lat"), ("lon", "lon")]);
    // Where hardly any is a coordinate, the owner is asked.
    let rows: String =
        (10..50).map(|n| format!("A{n},2025-03-02 08:{n},hole,45.501.2{n},x\n")).collect();
    let found = recognised("b.csv", &format!("id,created,type,lat,lon\n{rows}"));
    assert!(found.doubts.iter().any(|doubt| doubt.en.starts_with("lat:")), "{:?}", found.doubts);
}

#[test]
fn a_column_named_id_is_the_key_in_files_of_one_row_and_with_repeats() {
    let found = recognised("a.csv", "id,created,type\n1,2025-03-02 08:10,hole\n");
    assert_eq!(fields(&found)[0], ("id", "id"), "{found:?}");
    let rows: String =
        (10..50).map(|n| format!("{},2025-03-02 08:{n},hole\n", 100 + n.max(12))).collect();
    let found = recognised("b.csv", &format!("id,created,type\n{rows}"));
    assert_eq!(fields(&found)[0], ("id", "id"), "{found:?}");
    assert!(found.is_sure(), "{:?}", found.doubts);
}
