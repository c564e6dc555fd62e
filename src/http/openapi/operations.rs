//! Every operation: what it takes and what it answers.

use crate::http::openapi::operation::{
    ASKED, CHANGED, DOCUMENT, Operation, PLAIN, TILE, get, patch, post,
};
use crate::http::openapi::schema::{AnswerSchema, BodySchema};

/// All operations.
pub const OPERATIONS: &[&[Operation]] = &[API, OUTSIDE];

/// The API's own.
const API: &[Operation] = &[
    get("/api/v1/jurisdictions", "jurisdictions", "cities")
        .says("Les villes d’ici.", "The cities here.")
        .answers(AnswerSchema::Object("Jurisdictions")),
    get("/api/v1/services", "services", "cities")
        .says(
            "Les services d’une ville, leurs groupes et leurs questions.",
            "A city’s services, their groups and their questions.",
        )
        .answers(AnswerSchema::Object("Services")),
    get("/api/v1/reports", "reports", "reports")
        .says("Demandes, les plus récentes d’abord.", "Reports, newest first.")
        .takes(&["limit", "cursor", "bbox", "filter:common"]),
    post("/api/v1/reports", "create_report", "reports")
        .says(
            "Une nouvelle demande ; la réponse vient quand elle est sur le disque.",
            "A new report; answered once it is on the disk.",
        )
        .takes(&["dedupe", "confirm", "accuracy_m"])
        .sent(BodySchema::Report)
        .codes(&[
            (201, "made"),
            (200, "to be confirmed"),
            (400, "refused"),
            (404, "not found"),
            (409, "conflict"),
            (413, "too large"),
        ])
        .answers(AnswerSchema::Filed),
    post("/api/v1/reports/batch", "create_reports", "reports")
        .says("Plusieurs demandes, une par ligne (NDJSON).", "Many reports, a line each (NDJSON).")
        .sent(BodySchema::Lines)
        .codes(&[
            (200, "a line for each"),
            (400, "refused"),
            (404, "not found"),
            (413, "too large"),
        ])
        .answers(AnswerSchema::Lines),
    get("/api/v1/reports/{id}", "report", "reports")
        .says("Une demande.", "One report.")
        .such_as(&[("id", "4RX-7KM-P2")])
        .answers(AnswerSchema::Feature("Report")),
    patch("/api/v1/reports/{id}", "change_report", "reports")
        .says(
            "Change statut, service, lieu ou affectation ; If-Match protège.",
            "Changes status, service, place or assignment; If-Match guards.",
        )
        .such_as(&[("id", "4RX-7KM-P2")])
        .sent(BodySchema::Change)
        .codes(&[
            (200, "changed"),
            (400, "refused"),
            (403, "forbidden"),
            (404, "not found"),
            (409, "conflict"),
            (412, "stale"),
            (413, "too large"),
        ])
        .answers(AnswerSchema::Feature("Report"))
        .for_crews(),
    get("/api/v1/reports/{id}/history", "history", "reports")
        .says("Ce qui lui est arrivé.", "What happened to it.")
        .such_as(&[("id", "4RX-7KM-P2")])
        .answers(AnswerSchema::Object("History")),
    get("/api/v1/reports/{id}/contact", "contact", "reports")
        .says("Qui l’a faite, pour les équipes.", "Who made it, for crews.")
        .such_as(&[("id", "4RX-7KM-P2")])
        .codes(&[(200, "ok"), (400, "refused"), (404, "not found"), (403, "forbidden")])
        .answers(AnswerSchema::Object("Contact"))
        .for_crews(),
    post("/api/v1/media", "create_media", "reports")
        .says(
            "Une photo ; la réponse dit où elle est gardée et où elle a été prise.",
            "A photo; the answer tells where it is kept and where it was taken.",
        )
        .sent(BodySchema::Photo)
        .codes(&[(201, "kept"), (400, "refused"), (413, "too large")])
        .answers(AnswerSchema::Object("KeptPhoto")),
    get("/api/v1/duplicates", "duplicates", "duplicates")
        .says("Est-ce déjà signalé ?", "Is this already reported?")
        .requires(&["lon", "lat", "service:one"])
        .takes(&["at", "text", "address", "accuracy_m", "exclude", "limit:duplicates"])
        .answers(AnswerSchema::Collection("Duplicate")),
    post("/api/v1/duplicates/batch", "duplicates_batch", "duplicates")
        .says(
            "La même question par milliers, une par ligne.",
            "The same question by the thousand, a line each.",
        )
        .takes(&["limit:duplicates"])
        .sent(BodySchema::Lines)
        .codes(ASKED)
        .answers(AnswerSchema::Lines),
    get("/api/v1/incidents/{id}", "incident", "duplicates")
        .says("Une demande avec ses doublons.", "A report with its duplicates.")
        .such_as(&[("id", "4RX-7KM-P2")])
        .answers(AnswerSchema::Collection("Incident")),
    post("/api/v1/incidents/{id}/merge", "merge", "duplicates")
        .says("Rattache des demandes à celle-ci.", "Brings reports together with this one.")
        .such_as(&[("id", "4RX-7KM-P2")])
        .sent(BodySchema::Members)
        .codes(CHANGED)
        .answers(AnswerSchema::Collection("Incident"))
        .for_crews(),
    post("/api/v1/incidents/{id}/split", "split", "duplicates")
        .says("Détache des demandes de celle-ci.", "Takes reports apart from this one.")
        .such_as(&[("id", "4RX-7KM-P2")])
        .sent(BodySchema::Members)
        .codes(CHANGED)
        .answers(AnswerSchema::Collection("Incident"))
        .for_crews(),
    post("/api/v1/incidents/{id}/undo", "undo", "duplicates")
        .says("Défait un rattachement.", "Undoes a change.")
        .such_as(&[("id", "4RX-7KM-P2")])
        .sent(BodySchema::Undo)
        .codes(CHANGED)
        .answers(AnswerSchema::Collection("Incident"))
        .for_crews(),
    get("/api/v1/nearest", "nearest", "places")
        .says("Les plus proches, avec leur distance.", "The nearest, with their distance.")
        .requires(&["lon", "lat"])
        .takes(&["k:nearest", "max_m", "bbox", "filter:common"]),
    get("/api/v1/within", "within", "places")
        .says(
            "Tout ce qui est dans un rayon, le plus proche d’abord.",
            "All within a radius, nearest first.",
        )
        .requires(&["lon", "lat", "radius_m"])
        .takes(&["limit", "cursor", "bbox", "filter:common"]),
    post("/api/v1/within", "within_polygon", "places")
        .says(
            "Tout ce qui est dans un polygone, le plus récent d’abord.",
            "All within a polygon, newest first.",
        )
        .takes(&["limit", "cursor", "filter:common"])
        .sent(BodySchema::Polygon)
        .codes(&[(200, "ok"), (400, "refused"), (404, "not found"), (413, "too large")]),
    get("/api/v1/clusters", "clusters", "maps")
        .says("Ce qu’une carte montre.", "What a map shows.")
        .requires(&["bbox:required", "zoom"])
        .takes(&["limit:clusters", "filter:common"])
        .answers(AnswerSchema::Collection("Spot")),
    get("/api/v1/clusters/{id}", "cluster", "maps")
        .says("Un groupe.", "A cluster.")
        .takes(&["filter:common"])
        .such_as(&[("id", "0-2-2")])
        .answers(AnswerSchema::Feature("Spot")),
    get("/api/v1/clusters/{id}/children", "cluster_children", "maps")
        .says("Ses parties au zoom suivant.", "Its parts at the next zoom.")
        .takes(&["limit:clusters", "filter:common"])
        .such_as(&[("id", "0-2-2")])
        .answers(AnswerSchema::Collection("Spot")),
    get("/api/v1/clusters/{id}/reports", "cluster_reports", "maps")
        .says("Ses demandes.", "Its reports.")
        .takes(&["limit", "cursor", "filter:common"])
        .such_as(&[("id", "0-2-2")]),
    get("/api/v1/hexes", "hexes", "maps")
        .says(
            "Hexagones H3 : décomptes, signification, tendance.",
            "H3 hexagons: counts, significance, trend.",
        )
        .takes(&[
            "resolution",
            "k",
            "exposure",
            "permutations",
            "seed",
            "steps",
            "bbox",
            "empty",
            "limit:hexes",
            "filter:common",
        ])
        .answers(AnswerSchema::Collection("Hex")),
    get("/api/v1/hotspots", "hotspots", "maps")
        .says(
            "Où il y a significativement plus, classé et expliqué.",
            "Where there is significantly more, ranked and explained.",
        )
        .takes(&[
            "resolution",
            "k",
            "exposure",
            "level",
            "by",
            "days",
            "limit:hotspots",
            "bbox",
            "filter:common",
        ])
        .answers(AnswerSchema::Collection("Hotspot")),
    get("/api/v1/hotspots/{id}", "hotspot", "maps")
        .says("Un point chaud et sa vie.", "A hotspot and its life.")
        .such_as(&[("id", "1")])
        .answers(AnswerSchema::Feature("Hotspot")),
    get("/api/v1/dbscan", "dbscan", "maps")
        .says("Groupes par densité.", "Clusters by density.")
        .requires(&["eps_m", "min_points"])
        .takes(&["limit:density", "members", "bbox", "filter:common"])
        .answers(AnswerSchema::Collection("Density")),
    get("/api/v1/hdbscan", "hdbscan", "maps")
        .says("Groupes par densité, de toute échelle.", "Clusters by density, of any scale.")
        .requires(&["min_cluster_size"])
        .takes(&["min_samples", "limit:density", "members", "bbox", "filter:common"])
        .answers(AnswerSchema::Collection("Density")),
    get("/api/v1/alerts", "alerts", "maps")
        .says("Ce qui vient de commencer.", "What has just begun.")
        .takes(&["service", "bbox"])
        .answers(AnswerSchema::Collection("Alert")),
    get("/api/v1/recurrences", "recurrences", "maps")
        .says("Réparé et signalé de nouveau.", "Repaired and reported again.")
        .takes(&[
            "radius_m:recurrences",
            "within_days",
            "chronic_from",
            "limit",
            "bbox",
            "filter:common",
        ])
        .answers(AnswerSchema::Collection("Recurrence")),
    get("/api/v1/stats", "stats", "places")
        .says(
            "Décomptes par service, statut, secteur, jour ; délais.",
            "Counts by service, status, area, day; delays.",
        )
        .takes(&["areas", "bbox", "filter:common"])
        .answers(AnswerSchema::Object("Stats")),
    get("/api/v1/boundaries", "boundaries", "cities")
        .says("Les découpages chargés de la ville.", "The city’s loaded sets of areas.")
        .answers(AnswerSchema::Object("Boundaries")),
    get("/api/v1/boundaries/{name}", "boundary", "cities")
        .says(
            "Les secteurs d’un découpage et leurs limites.",
            "The areas of a set and their boundaries.",
        )
        .such_as(&[("name", "quartiers")])
        .answers(AnswerSchema::Collection("Area")),
    get("/api/openapi.json", "openapi", "service")
        .says("Ce document.", "This document.")
        .codes(DOCUMENT)
        .answers(AnswerSchema::Foreign),
];

/// Those of the protocols that others have written, and of the service about itself.
const OUTSIDE: &[Operation] = &[
    get("/media/{name}", "photo", "reports")
        .says("Une photo.", "A photo.")
        .takes(&["nothing"])
        .such_as(&[("name", "00000000000000000000000000000000.jpg")])
        .codes(&[(200, "ok"), (404, "not found")])
        .answers(AnswerSchema::Photo),
    get("/tiles/{name}", "tile_json", "tiles")
        .says(
            "TileJSON 3.0 : {layer}.json, où layer est reports, clusters, hexes ou hotspots.",
            "TileJSON 3.0: {layer}.json, where layer is reports, clusters, hexes or hotspots.",
        )
        .takes(&["filter:common"])
        .such_as(&[("name", "clusters.json")])
        .answers(AnswerSchema::Foreign),
    get("/tiles/{layer}/{z}/{x}/{y}", "tile", "tiles")
        .says("Une tuile vectorielle (MVT) : {y}.mvt.", "A vector tile (MVT): {y}.mvt.")
        .takes(&["filter:common"])
        .such_as(&[("layer", "clusters"), ("z", "10"), ("x", "309"), ("y", "360.mvt")])
        .codes(TILE)
        .answers(AnswerSchema::Tile),
    get("/open311/v2/{name}", "open311", "open311")
        .says(
            "discovery, services ou requests, en .xml ou .json.",
            "discovery, services or requests, as .xml or .json.",
        )
        .takes(&[
            "service_request_id:list",
            "service_code:list",
            "status:open311",
            "start_date",
            "end_date",
            "updated_after",
            "updated_before",
            "lat",
            "long",
            "radius",
            "bbox",
            "page",
            "page_size",
            "extensions",
            "locale",
            "api_key",
        ])
        .such_as(&[("name", "requests.json")])
        .answers(AnswerSchema::Open311),
    post("/open311/v2/{name}", "open311_post", "open311")
        .says(
            "Une demande (requests.xml ou .json), avec photos peut-être.",
            "A request (requests.xml or .json), perhaps with photos.",
        )
        .takes(&["dedupe", "confirm", "accuracy_m", "locale", "api_key"])
        .such_as(&[("name", "requests.json")])
        .sent(BodySchema::Form)
        .codes(&[
            (200, "taken"),
            (400, "refused"),
            (403, "key"),
            (404, "not found"),
            (413, "too large"),
        ])
        .answers(AnswerSchema::Open311),
    get("/open311/v2/services/{name}", "open311_service", "open311")
        .says("Les questions d’un service.", "A service’s questions.")
        .takes(&["locale", "api_key"])
        .such_as(&[("name", "lampadaire.json")])
        .answers(AnswerSchema::Open311),
    get("/open311/v2/requests/{name}", "open311_request", "open311")
        .says("Une demande.", "One request.")
        .takes(&["extensions", "locale", "api_key"])
        .such_as(&[("name", "4RX-7KM-P2.json")])
        .answers(AnswerSchema::Open311),
    get("/open311/v2/tokens/{name}", "open311_token", "open311")
        .says("Le numéro d’un jeton.", "The id of a token.")
        .takes(&["locale", "api_key"])
        .such_as(&[("name", "4RX-7KM-P2.json")])
        .answers(AnswerSchema::Open311),
    get("/ogc", "ogc_landing", "ogc")
        .says("Page d’accueil.", "Landing page.")
        .takes(&["f"])
        .answers(AnswerSchema::Document),
    get("/ogc/conformance", "ogc_conformance", "ogc")
        .says("Classes de conformité.", "Conformance classes.")
        .takes(&["f"])
        .answers(AnswerSchema::Document),
    get("/ogc/collections", "ogc_collections", "ogc")
        .says("Les collections.", "The collections.")
        .takes(&["f"])
        .answers(AnswerSchema::Document),
    get("/ogc/collections/{id}", "ogc_collection", "ogc")
        .says("Une collection.", "A collection.")
        .takes(&["f"])
        .such_as(&[("id", "reports")])
        .answers(AnswerSchema::Document),
    get("/ogc/collections/{id}/queryables", "ogc_queryables", "ogc")
        .says("Propriétés que l’on peut filtrer.", "Properties that can be filtered.")
        .takes(&["f"])
        .such_as(&[("id", "reports")])
        .answers(AnswerSchema::SchemaDocument),
    get("/ogc/api", "ogc_api", "ogc")
        .says("OpenAPI 3.0 de cette partie.", "OpenAPI 3.0 of this part.")
        .answers(AnswerSchema::Api),
    get("/ogc/collections/{id}/items", "ogc_items", "ogc")
        .says("Les entités d’une collection.", "The features of a collection.")
        .takes(&[
            "limit:ogc",
            "bbox:ogc",
            "datetime",
            "filter",
            "filter-lang",
            "filter-crs",
            "bbox-crs",
            "crs",
            "cursor",
            "f",
            "service_request_id",
            "service_code",
            "closed_reason",
            "accuracy",
            "parent_service_request_id",
            "filter:common",
        ])
        .such_as(&[("id", "reports")])
        .answers(AnswerSchema::Items),
    get("/ogc/collections/{id}/items/{feature}", "ogc_item", "ogc")
        .says("Une entité.", "A feature.")
        .takes(&["f"])
        .such_as(&[("id", "reports"), ("feature", "4RX-7KM-P2")])
        .answers(AnswerSchema::Item),
    get("/ogc/collections/{id}/tiles", "ogc_tilesets", "ogc")
        .says("Les tuiles d’une collection.", "The tiles of a collection.")
        .takes(&["f"])
        .such_as(&[("id", "reports")])
        .answers(AnswerSchema::Document),
    get("/ogc/collections/{id}/tiles/{grid}", "ogc_tileset", "ogc")
        .says("Ses tuiles sur une grille.", "Its tiles on a grid.")
        .takes(&["f"])
        .such_as(&[("id", "reports"), ("grid", "WebMercatorQuad")])
        .answers(AnswerSchema::Document),
    get("/ogc/collections/{id}/tiles/{grid}/{z}/{y}/{x}", "ogc_tile", "ogc")
        .says("Une tuile vectorielle (MVT).", "A vector tile (MVT).")
        .takes(&["f:tile", "filter:common"])
        .such_as(&[
            ("id", "reports"),
            ("grid", "WebMercatorQuad"),
            ("z", "10"),
            ("y", "360"),
            ("x", "309"),
        ])
        .codes(TILE)
        .answers(AnswerSchema::Tile),
    get("/ogc/tileMatrixSets", "ogc_grids", "ogc")
        .says("Les grilles des tuiles.", "The grids of tiles.")
        .takes(&["f"])
        .answers(AnswerSchema::Document),
    get("/ogc/tileMatrixSets/{grid}", "ogc_grid", "ogc")
        .says("Une grille.", "A grid.")
        .takes(&["f"])
        .such_as(&[("grid", "WebMercatorQuad")])
        .answers(AnswerSchema::Document),
    get("/healthz", "healthz", "service")
        .says("Le processus répond.", "The process answers.")
        .takes(&["nothing"])
        .codes(PLAIN)
        .answers(AnswerSchema::Object("Health")),
    get("/readyz", "readyz", "service")
        .says("Jusqu’où l’index a lu.", "How far the index has read.")
        .takes(&["nothing"])
        .codes(&[(200, "ok"), (503, "not yet")])
        .answers(AnswerSchema::Object("Readiness")),
    get("/metrics", "metrics", "service")
        .says("Prometheus.", "Prometheus.")
        .takes(&["nothing"])
        .codes(PLAIN)
        .answers(AnswerSchema::Plain),
];
