//! The expressions that the text of the CQL2 standard (OGC 21-065r2, clauses 6 and 7 and Annex A)
//! gives as examples: each is read, in text and in JSON, and what is not offered is refused by name.

use pointchaud::http::ogc::cql;

const EXAMPLES: &[&str] = &[
    "avg(windSpeed)",
    "city='Toronto'",
    "avg(windSpeed) < 4",
    "balance-150.0 > 0",
    "updated >= date('1970-01-01')",
    "geometry IS NOT NULL",
    "name LIKE 'Smith%'",
    "depth BETWEEN 100.0 and 150.0",
    "cityName IN ('Toronto','Frankfurt','Tokyo','New York')",
    "category NOT IN (1,2,3,4)",
    "CASEI(road_class) IN (CASEI('Οδος'),CASEI('Straße'))",
    "ACCENTI(etat_vol) = ACCENTI('débárquér')",
    "S_INTERSECTS(geometry,POINT(36.319836 32.288087))",
    "S_CROSSES(road,POLYGON((43.7286 -79.2986, 43.7311 -79.2996, 43.7323 -79.2972, \
     43.7286 -79.2986)))",
    "T_INTERSECTS(event_time, INTERVAL('1969-07-16T05:32:00Z', '1969-07-24T16:50:35Z'))",
    "T_DURING(INTERVAL(touchdown, liftOff), \
     INTERVAL('1969-07-16T13:32:00Z', '1969-07-24T16:50:35Z'))",
    "A_CONTAINS(layer:ids, ('layers-ca','layers-us'))",
    "S_WITHIN(road,Buffer(geometry,10,'m'))",
    "vehicle_height > (bridge_clearance-1)",
    "landsat:scene_id = 'LC82030282019133LGN00'",
    "eo:cloud_cover < 0.1 AND landsat:wrs_row=28 AND landsat:wrs_path=203",
    "eo:cloud_cover=0.1 OR eo:cloud_cover=0.2",
    "beamMode='ScanSAR Narrow' AND swathDirection='ascending' AND polarization='HH+VV+HV+VH'",
    "swimming_pool=true AND (floors>5 OR material LIKE 'brick%' OR material LIKE '%brick')",
    "NOT (floors<5) OR swimming_pool=true",
    "(owner LIKE 'mike%' OR owner LIKE 'Mike%') AND floors<4",
    "T_BEFORE(built, DATE('2015-01-01'))",
    "S_WITHIN(location,BBOX(-118,33.8,-117.9,34))",
    "CASEI(geophys:SURVEY_NAME) LIKE CASEI('%calcutta%')",
    "\"name\" NOT LIKE 'foo%' AND \"value\" > 10",
    "\"value\" IS NULL OR \"value\" BETWEEN 10 AND 20",
    "S_INTERSECTS(\"geometry\", BBOX(-128.098193, -1.1, -99999.0, 180.0, 90.0, 100000.0))",
    "S_DISJOINT(\"geometry\", MULTIPOLYGON (((144.022387 45.176126, -1.1 0.0, \
     180.0 47.808086, 144.022387 45.176126))))",
    "S_TOUCHES(\"geometry\", MULTILINESTRING ((-1.9 -0.99999, 75.292574 1.5), \
     (-1.9 -1.1, 1.5 8.547371)))",
    "S_OVERLAPS(\"geometry\", BBOX(-179.912109, 1.9, 180.0, 16.897016))",
    "S_CONTAINS(\"geometry\", POINT (-3.508362 -1.754181))",
    "T_CONTAINS(INTERVAL('2000-01-01T00:00:00Z', '2005-01-10T01:01:01.393216Z'), \
     INTERVAL(starts_at, ends_at))",
    "T_DISJOINT(INTERVAL('..', '2005-01-10T01:01:01.393216Z'), INTERVAL(starts_at, ends_at))",
    "T_EQUALS(\"updated_at\", DATE('1851-04-29'))",
    "T_FINISHES(INTERVAL(starts_at, ends_at), INTERVAL('1991-10-07', '2010-02-10T05:29:20.073225Z'))",
    "T_MEETS(INTERVAL('2005-01-10', '2010-02-10'), INTERVAL(starts_at, ends_at))",
    "T_OVERLAPPEDBY(INTERVAL('1991-10-07T08:21:06.393262Z', '2010-02-10T05:29:20.073225Z'), \
     INTERVAL(starts_at, ends_at))",
    "Foo(\"geometry\") = TRUE",
    "FALSE <> Bar(\"geometry\", 100, 'a', 'b', FALSE)",
    "\"value\" <> (22.1 * \"foo\")",
    "\"value\" <= (2 ^ \"foo\")",
    "0 = (\"foo\" % 2)",
    "1 = (\"foo\" div 2)",
    "A_EQUALS(('a', TRUE, 1.0, 8), \"values\")",
    "A_OVERLAPS(\"values\", (TIMESTAMP('2012-08-10T05:30:00.000000Z'), DATE('2010-02-10'), FALSE))",
    "S_EQUALS(MULTIPOINT ((180.0 -0.5), (179.0 -47.121701)), \"geometry\")",
    "S_EQUALS(GEOMETRYCOLLECTION (POINT (1.9 2.00001), LINESTRING (179.0 1.179148, 1.5 0.3)), \
     \"geometry\")",
    "value = - foo * 2.0 + \"bar\" / 6.1234 - \"x\" ^ 2.0",
    "\"name\" LIKE CASEI('FOO%')",
];

/// The examples with properties of reports in place of theirs, and whether they are offered.
const OFFERED: &[(&str, bool)] = &[
    ("geometry IS NOT NULL", true),
    ("address LIKE 'Smith%'", true),
    ("lat BETWEEN 100.0 and 150.0", true),
    ("revision NOT IN (1,2,3,4)", true),
    ("CASEI(area) IN (CASEI('Οδος'),CASEI('Straße'))", true),
    ("ACCENTI(description) = ACCENTI('débárquér')", true),
    ("S_INTERSECTS(geometry,POINT(36.319836 32.288087))", true),
    (
        "T_DURING(INTERVAL(requested_datetime, closed_datetime), \
      INTERVAL('1969-07-16T13:32:00Z', '1969-07-24T16:50:35Z'))",
        true,
    ),
    ("lat > (lon-1)", true),
    ("lat = - lon * 2.0 + lat / 6.1234 - lon ^ 2.0", true),
    ("address LIKE CASEI('FOO%')", true),
    ("S_INTERSECTS(geometry, BBOX(-128.098193, -1.1, -99999.0, 180.0, 90.0, 100000.0))", true),
    ("S_EQUALS(MULTIPOINT ((180.0 -0.5), (179.0 -47.121701)), geometry)", true),
    ("avg(lon) < 4", false),
    ("A_CONTAINS(media_url, ('layers-ca','layers-us'))", false),
    ("S_WITHIN(geometry,Buffer(geometry,10,'m'))", false),
];

#[test]
fn the_examples_of_the_standard_are_read_in_both_encodings() {
    for text in EXAMPLES {
        let expr = cql::parse(text, false).unwrap_or_else(|refusal| panic!("{text}: {refusal}"));
        let json = expr.to_json().unwrap_or_else(|error| panic!("{text}: {error}"));
        let again = cql::parse(&json, true).unwrap_or_else(|refusal| panic!("{json}: {refusal}"));
        assert_eq!(again.to_json().unwrap(), json, "{text}");
    }
}

#[test]
fn what_the_standard_has_is_offered_or_refused_by_name() {
    for (text, is_offered) in OFFERED {
        let expr = cql::parse(text, false).unwrap();
        match cql::condition(&expr) {
            Ok(_) => assert!(is_offered, "{text}"),
            Err(refusal) => {
                assert!(!is_offered, "{text}: {refusal}");
                let name = text.split(['(', ',']).find(|part| part.contains(&refusal.value));
                assert!(name.is_some(), "{text}: {refusal}");
            }
        }
    }
}
