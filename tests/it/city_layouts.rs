//! Exports in the layouts of cities that no built-in profile knows, with invented rows: what the
//! bare command makes of each.

use serde_json::{Value, json};

use crate::common::{Folder, done, run};

/// A layout: the file's name, its text, the time zone of its city, and how many rows are added and
/// placed.
struct Layout {
    name: &'static str,
    text: String,
    zone: &'static str,
    added: u64,
    placed: u64,
}

const ROWS: u32 = 40;

/// Rows made by a number from 0 to 39.
fn rows(row: impl Fn(u32) -> String) -> String {
    (0..ROWS).map(|n| row(n) + "\n").collect()
}

fn one_of<'a>(words: &[&'a str], n: u32) -> &'a str {
    words[n as usize % words.len()]
}

/// Day of a month of 28 days, in two digits.
fn day(n: u32) -> String {
    format!("{:02}", n % 28 + 1)
}

fn toronto() -> String {
    let header = "Creation Date,Status,First 3 Chars of Postal Code,Intersection Street 1,\
        Intersection Street 2,Ward,Service Request Type,Division,Section";
    let row = |n| {
        let status = one_of(&["Completed", "In-progress", "Cancelled", "Initiated"], n);
        let kind = one_of(&["Residential: Bin: Repair", "Sidewalk - Cleaning", "Pothole"], n);
        let time = format!("2024-01-{} 00:{:02}:10.0000000", day(n), n);
        format!("{time},{status},M{}V,,,Etobicoke North (01),{kind},Solid Waste,Collections", n % 9)
    };
    format!("{header}\n{},,,,,,,,\n", rows(row))
}

fn barcelona() -> String {
    let header = "FITXA_ID,TIPUS,AREA,ELEMENT,DETALL,DIA_DATA_ALTA,MES_DATA_ALTA,ANY_DATA_ALTA,\
        DIA_DATA_TANCAMENT,MES_DATA_TANCAMENT,ANY_DATA_TANCAMENT,DISTRICTE,BARRI,LONGITUD,LATITUD,\
        SUPORT";
    let row = |n: u32| {
        let kind = one_of(&["INCIDENCIA", "QUEIXA", "SUGGERIMENT"], n);
        let (area, element) =
            (one_of(&["Neteja", "Arbrat"], n), one_of(&["Contenidor", "Arbre"], n));
        let closed =
            if n.is_multiple_of(2) { format!("{},12,2023", n % 28 + 1) } else { ",,".into() };
        let opened = format!("{},{},2023", n % 28 + 1, n % 11 + 1);
        let channel = one_of(&["WEB", "TELÈFON", "APP"], n);
        format!(
            "{},{kind},{area},{element},Detall,{opened},{closed},Eixample,la Dreta,2.1{n:03},41.3{n:03},{channel}",
            7_000_000 + n * 3
        )
    };
    format!("{header}\n{}", rows(row))
}

fn berlin() -> String {
    let row = |n| {
        json!({
            "id": 5_000 + n,
            "betreff": one_of(&["Müllablagerung", "Straßenschäden", "Lärm"], n),
            "erstellungsDatum": format!("{}.01.2023 - 11:{n:02}:00", day(n)),
            "status": one_of(&["Erledigt", "In Bearbeitung", "Gemeldet"], n),
            "bezirk": "Mitte", "strasse": "Turmstraße", "hausNummer": n.to_string(),
            "plz": "10559", "lat": 52.5 + f64::from(n) / 1e3, "lng": 13.3 + f64::from(n) / 1e3,
        })
    };
    json!({ "index": (0..ROWS).map(row).collect::<Vec<Value>>() }).to_string()
}

fn amsterdam() -> String {
    let row = |n| {
        let at = [4.88 + f64::from(n) / 1e3, 52.36 + f64::from(n) / 1e3];
        json!({
            "type": "Feature", "geometry": { "type": "Point", "coordinates": at },
            "properties": {
                "id": n + 100,
                "created_at": format!("2024-02-{}T10:{n:02}:00+01:00", day(n)),
                "category": {
                    "name": one_of(&["Grofvuil", "Straatverlichting", "Riolering verstopt"], n),
                    "parent": { "name": one_of(&["Afval", "Wegen"], n) },
                },
                "status": one_of(&["Gemeld", "Afgehandeld", "In behandeling"], n),
            },
        })
    };
    let features: Vec<Value> = (0..ROWS).map(row).collect();
    json!({ "type": "FeatureCollection", "features": features }).to_string()
}

fn milano() -> String {
    let header = "ID_SEGNALAZIONE;DATA_SEGNALAZIONE;CATEGORIA;SOTTOCATEGORIA;MUNICIPIO;INDIRIZZO;\
        STATO;DATA_CHIUSURA;LONG_X_4326;LAT_Y_4326";
    let row = |n: u32| {
        let kind = one_of(&["Strade;Buca", "Verde;Albero caduto", "Luci;Lampione spento"], n);
        let status = one_of(&["Chiusa", "In lavorazione", "Aperta"], n);
        let closed =
            if n.is_multiple_of(3) { format!("{}/03/2024 10:00", day(n)) } else { String::new() };
        let opened = format!("{}/02/2024 {:02}:{n:02}", day(n), n % 24);
        format!(
            "MI{n};{opened};{kind};{};Via Torino {n};{status};{closed};9.1{n:02};45.4{n:02}",
            n % 9
        )
    };
    format!("{header}\n{}", rows(row))
}

fn lisboa() -> String {
    let header =
        "NUM_OCORRENCIA,DATA_CRIACAO,AREA,TIPO,FREGUESIA,ESTADO,DATA_FECHO,LATITUDE,LONGITUDE";
    let row = |n: u32| {
        let kind = one_of(&["Higiene,Recolha de lixo", "Luz,Candeeiro apagado"], n);
        let status = one_of(&["Resolvida", "Em análise", "Registada"], n);
        let closed = if n.is_multiple_of(3) {
            format!("2024-04-{} 10:00:00", day(n))
        } else {
            String::new()
        };
        let opened = format!("2024-03-{} 09:{n:02}:00", day(n));
        format!("OCO/{n}/2024,{opened},{kind},Arroios,{status},{closed},38.7{n:02},-9.1{n:02}")
    };
    format!("{header}\n{}", rows(row))
}

fn helsinki() -> String {
    let row = |n: u32| {
        json!({
            "service_request_id": format!("h{n}"), "status_notes": "Kiitos",
            "status": one_of(&["closed", "open"], n), "service_code": (170 + n % 3).to_string(),
            "service_name": one_of(&["Pothole", "Graffiti", "Trees"], n),
            "requested_datetime": format!("2016-05-{}T10:{n:02}:00+03:00", day(n)),
            "updated_datetime": format!("2016-06-{}T10:{n:02}:00+03:00", day(n)),
            "lat": 60.17 + f64::from(n) / 1e3, "long": 24.93 + f64::from(n) / 1e3,
        })
    };
    Value::Array((0..ROWS).map(row).collect()).to_string()
}

fn buenos_aires() -> String {
    let header = "contacto,periodo,categoria,subcategoria,fecha_ingreso,hora_ingreso,\
        domicilio_barrio,domicilio_calle,domicilio_altura,lat,long,canal,estado_del_contacto,\
        fecha_cierre_contacto";
    let row = |n: u32| {
        let kind = one_of(&["LIMPIEZA,Residuos", "ALUMBRADO,Luminarias"], n);
        let closed = if n.is_multiple_of(2) {
            format!("cerrado,2021-02-{}", day(n))
        } else {
            "abierto,".into()
        };
        let opened = format!("2021-01-{},{:02}:05:{n:02}", day(n), n % 24);
        let place = format!("RETIRO,AV SANTA FE,{n},-34.59{n:02},-58.37{n:02}");
        format!("0000{n:04}/21,202101,{kind},{opened},{place},App BA 147,{closed}")
    };
    format!("{header}\n{}", rows(row))
}

/// One row has latitude and longitude exchanged, which is refused: beyond 90° it shows by itself.
fn los_angeles() -> String {
    let header = "SRNumber,CreatedDate,UpdatedDate,Owner,RequestType,Status,RequestSource,\
        ClosedDate,Address,ZipCode,Latitude,Longitude,Location";
    let row = |n: u32| {
        let kind = one_of(&["Bulky Items", "Graffiti Removal", "Dead Animal Removal"], n);
        let date = format!("{:02}/{}/2023", n % 12 + 1, day(n));
        let closed = if n.is_multiple_of(3) {
            format!("Closed,Call,{date} 11:50:00 PM")
        } else {
            "Open,Mobile App,".into()
        };
        let place =
            format!("{n} S MAIN ST,90012,34.0{n:02},-118.2{n:02},\"(34.0{n:02}, -118.2{n:02})\"");
        format!("1-{n}A,{date} 01:{n:02}:00 PM,{date} 11:{n:02}:00 PM,BOS,{kind},{closed},{place}")
    };
    let exchanged = "1-99A,01/05/2023 01:00:00 PM,,,Bulky Items,Open,Call,,X,,-118.2,34.05,\n";
    format!("{header}\n{}{exchanged}", rows(row))
}

fn austin() -> String {
    let header = "Service Request (SR) Number,SR Type Code,SR Description,Owning Department,\
        Method Received,SR Status,Created Date,Last Update Date,Close Date,SR Location,Zip Code,\
        Latitude Coordinate,Longitude Coordinate,(Latitude.Longitude)";
    let row = |n: u32| {
        let kind =
            one_of(&["PARK,Park Maintenance", "DOG,Loose Dog", "LIGHT,Street Light Issue"], n);
        let status = one_of(&["Closed", "Open", "Duplicate (closed)"], n);
        let date = format!("2024 Jan {}", day(n));
        let times = format!("{date} 01:{n:02}:00 PM,{date} 11:{n:02}:00 PM,");
        let place = format!("30.2{n:02},-97.7{n:02},\"(30.2{n:02}, -97.7{n:02})\"");
        format!("24-{n:08},{kind},APD,Phone,{status},{times},{n} CONGRESS AVE,78701,{place}")
    };
    format!("{header}\n{}", rows(row))
}

fn philadelphia() -> String {
    let header = "objectid,service_request_id,subject,status,status_notes,service_name,service_code,\
        agency_responsible,requested_datetime,updated_datetime,address,zipcode,lat,lon";
    let row = |n: u32| {
        let kind = one_of(&["Street Defect", "Illegal Dumping"], n);
        let place =
            if n.is_multiple_of(5) { ",".into() } else { format!("39.95{n:02},-75.16{n:02}") };
        let times =
            format!("2024-01-{} 10:{n:02}:22+00,2024-02-{} 10:{n:02}:22+00", day(n), day(n));
        let status = one_of(&["Closed", "Open"], n);
        format!(
            "{n},1{n:07},{kind},{status},,{kind},SR-ST0{},Streets,{times},X,19107,{place}",
            n % 2
        )
    };
    format!("{header}\n{}", rows(row))
}

fn layouts() -> Vec<Layout> {
    let layout = |name, text, zone, placed| Layout { name, text, zone, added: 40, placed };
    vec![
        layout("toronto.csv", toronto(), "America/Toronto", 0),
        layout("barcelona.csv", barcelona(), "Europe/Madrid", 40),
        layout("berlin.json", berlin(), "Europe/Berlin", 40),
        layout("amsterdam.geojson", amsterdam(), "Europe/Amsterdam", 40),
        layout("milano.csv", milano(), "Europe/Rome", 40),
        layout("lisboa.csv", lisboa(), "Europe/Lisbon", 40),
        layout("helsinki.json", helsinki(), "Europe/Helsinki", 40),
        layout("buenos-aires.csv", buenos_aires(), "America/Argentina/Buenos_Aires", 40),
        layout("los-angeles.csv", los_angeles(), "America/Los_Angeles", 40),
        layout("austin.csv", austin(), "America/Chicago", 40),
        layout("philadelphia.csv", philadelphia(), "America/New_York", 32),
    ]
}

/// The rows of an export as maps from names to texts.
fn exported(folder: &Folder) -> Vec<Value> {
    let export = ["export", "--format", "csv", "--jurisdiction", "city.example", "-o", "all.csv"];
    done(folder, &export);
    let mut table = csv::Reader::from_path(folder.file("all.csv")).unwrap();
    let names = table.headers().unwrap().clone();
    let row = |row: csv::StringRecord| {
        names.iter().zip(&row).map(|(name, cell)| (name.to_owned(), Value::from(cell))).collect()
    };
    table.records().map(|record| row(record.unwrap())).collect()
}

#[test]
fn exports_of_cities_are_imported_by_the_bare_command() {
    for Layout { name, text, zone, added, placed } in layouts() {
        let folder = Folder::new("layouts");
        let file = folder.with(name, text);
        let city = ["--jurisdiction", "city.example", "--time-zone", zone, "--summary", "json"];
        let output = run(&folder, &[&["import", file.to_str().unwrap()][..], &city[..]].concat());
        let said = String::from_utf8([output.stdout.clone(), output.stderr].concat()).unwrap();
        let out = String::from_utf8(output.stdout).unwrap();
        let summary: Value =
            serde_json::from_str(&out).unwrap_or_else(|_| panic!("{name}: {said}"));
        let refused = u64::from(name == "los-angeles.csv");
        assert_eq!(output.status.code(), Some(if refused > 0 { 3 } else { 0 }), "{name}: {said}");
        assert_eq!(summary["added"], added, "{name}: {said}");
        assert_eq!(summary["refused"], refused, "{name}: {said}");
        assert_eq!(summary["without_position"], added - placed, "{name}: {said}");
        assert_eq!(summary["outside_extent"], 0, "{name}: {said}");
        assert_eq!(summary["status_words_not_known"], json!([]), "{name}: {said}");
        let rows = exported(&folder);
        let closed = rows.iter().filter(|row| row["status"] == "closed").count();
        let has_end = rows.iter().filter(|row| row["closed_datetime"] != "").count();
        assert!(rows.len() == 40 && closed > 0 && closed < 40, "{name}: {closed} closed");
        let ends = [
            "toronto.csv",
            "berlin.json",
            "amsterdam.geojson",
            "helsinki.json",
            "austin.csv",
            "philadelphia.csv",
        ];
        assert_eq!(has_end == 0, ends.contains(&name), "{name}: {has_end} closing times");
    }
}

#[test]
fn a_date_in_three_columns_is_one_time() {
    let folder = Folder::new("layouts");
    let file = folder.with("barcelona.csv", barcelona());
    let city = ["--jurisdiction", "city.example", "--time-zone", "Europe/Madrid"];
    let output = done(&folder, &[&["import", file.to_str().unwrap()][..], &city[..]].concat());
    assert!(
        output.contains("ANY_DATA_ALTA -> requested, with the columns of its parts"),
        "{output}"
    );
    assert!(output.contains("DISTRICTE -> area"), "the subject named 'area' is none: {output}");
    let rows = exported(&folder);
    let row = rows.iter().find(|row| row["service_request_id"] == "7000006").unwrap();
    assert_eq!(
        (&row["requested_datetime"], &row["closed_datetime"]),
        (&"2023-03-03".into(), &"2023-12-03".into())
    );
    assert_eq!(row["status"], "closed");
    // The order of the columns does not matter.
    let header = "id,month_opened,year_opened,day_opened,type,lat,lon";
    let rows: String =
        (10..40).map(|n| format!("{n},2,2024,{},Pothole,45.1{n},5.2{n}\n", n % 28 + 1)).collect();
    let folder = Folder::new("layouts");
    let file = folder.with("parts.csv", format!("{header}\n{rows}"));
    done(&folder, &[&["import", file.to_str().unwrap()][..], &city[..]].concat());
    let row = exported(&folder).into_iter().find(|row| row["service_request_id"] == "12").unwrap();
    assert_eq!(row["requested_datetime"], "2024-02-13");
}
