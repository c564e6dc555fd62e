"""Clients that nobody here wrote, each against the running service: `clients.py NAME URL FOLDER`.
Exit status 77 says that the client is not installed; its name is printed."""
import json
import math
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

NAME, URL, FOLDER = sys.argv[1:4]
SKIP = 77


def skip(client):
    print(client)
    sys.exit(SKIP)


def get(path, headers=None):
    with urllib.request.urlopen(urllib.request.Request(URL + path, headers=headers or {})) as answer:
        return answer.status, answer.headers, answer.read()


def get_json(path):
    return json.loads(get(path)[2])


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, cwd=FOLDER)
    assert done.returncode == 0, f"{command}: {done.stderr[:2000]}"
    return done.stdout


def total():
    return get_json("/api/v1/stats?approximate=true")["total"]


def gdal_features():
    """OGC API – Features: all layers with their counts, a box, pages, a copy."""
    shutil.which("ogrinfo") or skip("GDAL")
    answer = run("ogrinfo", "-al", "-so", f"OAPIF:{URL}/ogc")
    counts = dict(zip(
        [line.split(": ")[1] for line in answer.splitlines() if line.startswith("Layer name")],
        [int(line.split(": ")[1]) for line in answer.splitlines() if line.startswith("Feature Count")],
    ))
    assert counts["reports"] == total(), counts
    incidents = get_json("/api/v1/stats?count=incidents")["total"]
    assert counts["incidents"] == incidents and counts["hexes"] > 0, (counts, incidents)
    assert counts["quartiers"] == 2, counts
    box = ["-71.30", "46.78", "-71.20", "46.86"]
    inside = run("ogrinfo", "-al", "-so", f"OAPIF:{URL}/ogc", "reports", "-spat", *box)
    shown = int(next(l for l in inside.splitlines() if l.startswith("Feature Count")).split(": ")[1])
    placed = get_json(f"/api/v1/stats?approximate=true&bbox={','.join(box)}")["total"]
    assert shown == placed, (shown, placed)
    # Page by page, into a file.
    run("ogr2ogr", "-f", "GPKG", "copy.gpkg", f"OAPIF:{URL}/ogc", "reports", "-oo", "PAGE_SIZE=100")
    copied = run("ogrinfo", "-al", "-so", "copy.gpkg")
    assert f"Feature Count: {total()}" in copied, copied
    print(f"GDAL counts {counts}")


def tile_of(lon, lat, z):
    n = 2**z
    y = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * n
    return int((lon + 180) / 360 * n), int(y)


def gdal_tiles():
    """Vector tiles, decoded: what they hold is what the API answers."""
    shutil.which("ogr2ogr") or skip("GDAL")
    seen = 0
    for z, layer in [(9, "clusters"), (12, "clusters"), (12, "reports"), (14, "reports"), (12, "hexes")]:
        x, y = tile_of(-71.21, 46.81, z)
        status, headers, body = get(f"/tiles/{layer}/{z}/{x}/{y}.mvt?service=voirie,neige")
        if status == 204:
            continue
        with open(f"{FOLDER}/{x}.mvt", "wb") as out:
            out.write(body)
        path = f"{FOLDER}/{layer}-{z}.geojson"
        if os.path.exists(path):
            os.remove(path)
        run("ogr2ogr", "-f", "GeoJSON", "-t_srs", "EPSG:4326", path, f"{FOLDER}/{x}.mvt", layer, "-oo", f"X={x}", "-oo", f"Y={y}", "-oo", f"Z={z}")
        features = json.load(open(path))["features"]
        n = 2**z
        lat = lambda row: math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / n))))
        west, east = x / n * 360 - 180, (x + 1) / n * 360 - 180
        box = f"{west},{lat(y + 1)},{east},{lat(y)}"
        if layer == "hexes":
            answer = get_json(f"/api/v1/hexes?service=voirie,neige&bbox={box}&resolution=9")["features"]
            own = {f["properties"]["h3"]: f["properties"]["count"] for f in features}
            for hexagon in answer:
                p = hexagon["properties"]
                assert own[p["h3"]] == p["count"], p
            seen += len(answer)
            continue
        if layer == "reports" and z >= 14:
            ring = [[west, lat(y + 1)], [east, lat(y + 1)], [east, lat(y)], [west, lat(y)], [west, lat(y + 1)]]
            asked = urllib.request.Request(
                f"{URL}/api/v1/within?service=voirie,neige&limit=1000",
                json.dumps({"type": "Polygon", "coordinates": [ring]}).encode(),
                {"Content-Type": "application/geo+json"},
            )
            answer = json.load(urllib.request.urlopen(asked))["features"]
            own = sorted(f["properties"]["service_request_id"] for f in features)
            assert own == sorted(f["id"] for f in answer), (len(own), len(answer))
        else:
            answer = get_json(f"/api/v1/clusters?service=voirie,neige&bbox={box}&zoom={z}")["features"]
            inside = lambda f: west <= f["geometry"]["coordinates"][0] < east and lat(y + 1) < f["geometry"]["coordinates"][1] <= lat(y)
            key = lambda p: p.get("cluster_id") or p["service_request_id"]
            answer = {key(f["properties"]): f["properties"].get("count", 1) for f in answer if inside(f)}
            own = {key(f["properties"]): f["properties"].get("count") or 1 for f in features}
            assert own == answer, (z, set(own) ^ set(answer))
        for f in features:
            lon = f["geometry"]["coordinates"][0]
            assert west - 1e-3 <= lon <= east + 1e-3, f
        seen += len(features)
    assert seen > 20, seen
    print(f"GDAL decoded {seen} features of tiles")


def gdal_ogc_tiles():
    """OGC API – Tiles, by the GDAL that pyogrio brings (Debian's speaks an older draft of it)."""
    try:
        import pyogrio
    except ImportError:
        skip("pyogrio")
    "OGCAPI" in pyogrio.list_drivers() or skip("pyogrio with the OGCAPI driver of GDAL")
    # GDAL reads a collection's extent, in degrees, as one in metres of the grid; so it is given.
    radius = 6378137
    east = lambda lon: math.radians(lon) * radius
    north = lambda lat: math.asinh(math.tan(math.radians(lat))) * radius
    box = {"MINX": east(-72), "MAXX": east(-70.5), "MINY": north(46.5), "MAXY": north(47.2)}
    summary = []
    for collection, zoom, least in [("reports", 14, 400), ("incidents", 14, 300), ("hexes", 12, 50)]:
        source = f"OGCAPI:{URL}/ogc/collections/{collection}"
        meta, _, shapes, values = pyogrio.raw.read(source, layer=f"Zoom level {zoom}", API="TILES", **box)
        rows = [dict(zip(meta["fields"], row)) for row in zip(*values)]
        if collection == "hexes":
            known = {f["properties"]["h3"]: f["properties"]["count"] for f in get_json("/api/v1/hexes?resolution=9")["features"]}
            own = {row["h3"]: row["count"] for row in rows}
            assert own == known, (len(own), len(known))
        else:
            count = "&count=incidents" if collection == "incidents" else ""
            known = get_json(f"/api/v1/stats?approximate=true&bbox=-180,-85,180,85{count}")["total"]
            own = {row["service_request_id"] for row in rows}
            assert len(own) == len(rows) == known, (collection, len(own), len(rows), known)
        assert len(rows) > least, (collection, len(rows))
        summary.append(f"{len(rows)} {collection}")
    print(f"GDAL {'.'.join(map(str, pyogrio.__gdal_version__))} read by tiles: {', '.join(summary)}")


def gdal_geopackage():
    shutil.which("ogrinfo") or skip("GDAL")
    output = run("ogrinfo", "-al", "-so", "export.gpkg")
    assert f"Feature Count: {total()}" in output and "requested_datetime: DateTime" in output, output
    print("GDAL opened the GeoPackage")


def downloaded(ending, query="approximate=true"):
    """The export of the running service, as a file; those without a place included."""
    path = os.path.join(FOLDER, f"served.{ending}")
    with open(path, "wb") as out:
        out.write(get(f"/api/v1/export.{ending}?{query}")[2])
    return path


def gdal_validates_geopackage():
    """GDAL's own validator, on the file of the command and on the one of the service."""
    python = "/usr/bin/python3"
    module = "osgeo_utils.samples.validate_gpkg"
    check = subprocess.run([python, "-c", f"import {module}"], capture_output=True) if os.path.exists(python) else None
    if not check or check.returncode != 0:
        skip("GDAL's validate_gpkg (python3-gdal)")
    for path in ["export.gpkg", downloaded("gpkg")]:
        run(python, "-m", module, "--extra", "--warning-as-error", path)
        shown = run("ogrinfo", path, "-sql", "SELECT HasSpatialIndex('reports', 'geom')")
        assert "HasSpatialIndex (Integer) = 1" in shown, shown
    print("validate_gpkg finds no fault")


def gdal_flatgeobuf():
    """The rows, their times and the index of the file of the command and of that of the service."""
    shutil.which("ogrinfo") or skip("GDAL")
    unlocated = get_json("/api/v1/stats?approximate=true")["unlocated"]
    for path in ["export.fgb", downloaded("fgb")]:
        output = run("ogrinfo", "-al", "-so", path)
        assert f"Feature Count: {total()}" in output and "requested_datetime: DateTime" in output, output
        box = ["-71.30", "46.78", "-71.20", "46.86"]
        inside = run("ogrinfo", "-al", "-so", path, "-spat", *box)
        shown = int(next(l for l in inside.splitlines() if l.startswith("Feature Count")).split(": ")[1])
        placed = get_json(f"/api/v1/stats?approximate=true&bbox={','.join(box)}")["total"]
        assert shown == placed, (shown, placed)
        run("ogr2ogr", "-f", "GeoJSON", "from.geojson", path)
        features = json.load(open(os.path.join(FOLDER, "from.geojson")))["features"]
        os.remove(os.path.join(FOLDER, "from.geojson"))
        assert sum(f["geometry"] is None for f in features) == unlocated, unlocated
        own = {f["properties"]["service_request_id"]: f["geometry"] and f["geometry"]["coordinates"] for f in features}
        for report in get_json("/api/v1/reports?limit=200&approximate=true")["features"]:
            at = report["geometry"] and report["geometry"]["coordinates"]
            assert (own[report["id"]] is None) == (at is None), report
            assert at is None or max(abs(a - b) for a, b in zip(at, own[report["id"]])) < 1e-6, report
    print(f"GDAL read {len(features)} features of FlatGeobuf")


def qgis():
    """A layer of the Features API in QGIS: how many features, a box, a filter."""
    python = next((p for p in ["/usr/bin/python3"] if os.path.exists(p)), None)
    check = python and subprocess.run([python, "-c", "import qgis.core"], capture_output=True)
    if not check or check.returncode != 0:
        skip("PyQGIS")
    script = f"""
from qgis.core import QgsApplication, QgsFeatureRequest, QgsRectangle, QgsVectorLayer
app = QgsApplication([], False)
app.initQgis()
layer = QgsVectorLayer("url='{URL}/ogc' typename='reports' pageSize='250'", "reports", "OAPIF")
assert layer.isValid(), "not valid"
everything = sum(1 for f in layer.getFeatures())
box = QgsRectangle(-71.30, 46.78, -71.20, 46.86)
inside = sum(1 for f in layer.getFeatures(QgsFeatureRequest(box)))
opened = sum(1 for f in layer.getFeatures(QgsFeatureRequest().setFilterExpression("status = 'open'")))
print("RESULT", everything, inside, opened, len(layer.fields()), flush=True)
app.exitQgis()
"""
    runtime = os.path.join(FOLDER, "runtime")
    os.makedirs(runtime, mode=0o700, exist_ok=True)
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", XDG_RUNTIME_DIR=runtime, HOME=FOLDER)
    environment.pop("PYTHONPATH", None)
    done = subprocess.run([python, "-u", "-c", script], capture_output=True, text=True, env=environment, timeout=600)
    line = next((l for l in done.stdout.splitlines() if l.startswith("RESULT")), None)
    assert line, done.stdout + done.stderr[-2000:]
    everything, inside, opened, fields = map(int, line.split()[1:])
    placed = get_json("/api/v1/stats?approximate=true&bbox=-71.30,46.78,-71.20,46.86")["total"]
    still = get_json("/api/v1/stats?approximate=true&status=open")["total"]
    assert (everything, inside, opened) == (total(), placed, still), (line, total(), placed, still)
    assert fields >= 24, fields
    print(f"QGIS read {everything} features, {inside} in a box, {opened} by a filter")


def owslib():
    try:
        from owslib.ogcapi.features import Features
    except ImportError:
        skip("OWSLib")
    server = Features(f"{URL}/ogc")
    assert server.conformance()["conformsTo"] and server.api()["openapi"].startswith("3.0")
    names = server.feature_collections()
    assert {"reports", "incidents", "hotspots", "hexes", "quartiers"} <= set(names), names
    page = server.collection_items("reports", limit=7, bbox=[-71.4, 46.7, -71.1, 46.95])
    assert page["numberReturned"] == 7 and page["numberMatched"] > 7
    one = server.collection_item("reports", page["features"][0]["id"])
    assert one["id"] == page["features"][0]["id"]
    text = server.collection_items("reports", filter="status = 'open'", limit=1)
    assert text["numberMatched"] == get_json("/api/v1/stats?approximate=true&status=open")["total"]
    schema = server.collection_queryables("reports")
    assert "service_code" in schema["properties"]
    print(f"OWSLib found {len(names)} collections")


# What a GeoReport v2 document may look like, written from the specification.
TEXT = {"type": "string"}
MAYBE = {"type": ["string", "null"]}
WHEN = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$"}
REQUEST = {
    "type": "object",
    "required": ["service_request_id", "status", "service_code", "requested_datetime"],
    "properties": {
        "service_request_id": TEXT, "status": {"enum": ["open", "closed"]}, "status_notes": MAYBE,
        "service_name": MAYBE, "service_code": TEXT, "description": MAYBE,
        "agency_responsible": MAYBE, "service_notice": MAYBE, "requested_datetime": WHEN,
        "updated_datetime": WHEN, "expected_datetime": MAYBE, "address": MAYBE,
        "address_id": MAYBE, "zipcode": MAYBE, "lat": {"type": ["number", "null"]},
        "long": {"type": ["number", "null"]}, "media_url": MAYBE,
    },
    "additionalProperties": False,
}
SERVICE = {
    "type": "object",
    "required": ["service_code", "service_name", "description", "metadata", "type", "keywords", "group"],
    "properties": {"metadata": {"type": "boolean"}, "type": {"enum": ["realtime", "batch", "blackbox"]}},
}
ATTRIBUTE = {
    "type": "object",
    "required": ["variable", "code", "datatype", "required", "datatype_description", "order", "description"],
    "properties": {
        "variable": {"type": "boolean"}, "required": {"type": "boolean"}, "order": {"type": "integer"},
        "datatype": {"enum": ["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]},
    },
}
DISCOVERY = {
    "type": "object",
    "required": ["changeset", "contact", "key_service", "endpoints"],
    "properties": {"changeset": WHEN, "endpoints": {"type": "array", "minItems": 1, "items": {
        "type": "object",
        "required": ["specification", "url", "changeset", "type", "formats"],
        "properties": {"type": {"enum": ["production", "test"]}, "changeset": WHEN},
    }}},
}


def georeport():
    try:
        import jsonschema
        from lxml import etree
    except ImportError:
        skip("jsonschema and lxml")
    base = "/open311/v2"
    check = lambda schema, value: jsonschema.validate(value, schema)
    listed = lambda item: {"type": "array", "items": item}
    check(DISCOVERY, get_json(f"{base}/discovery.json"))
    services = get_json(f"{base}/services.json")
    check(listed(SERVICE), services)
    for service in services:
        definition = get_json(f"{base}/services/{service['service_code']}.json")
        check(listed(ATTRIBUTE), definition["attributes"])
        assert bool(definition["attributes"]) == service["metadata"]
    requests = get_json(f"{base}/requests.json")
    check(listed(REQUEST), requests)
    assert 0 < len(requests) <= 1000
    # Every XML answer, by a strict parser: the same requests in the same order, with the same texts.
    paths = ["discovery", "services", "services/lampadaire", "requests", "requests/nobody",
             f"requests/{requests[0]['service_request_id']}", "requests?extensions=true"]
    for path in paths:
        name, _, query = path.partition("?")
        try:
            _, headers, body = get(f"{base}/{name}.xml?{query}")
        except urllib.error.HTTPError as error:
            headers, body = error.headers, error.read()
        assert headers["Content-Type"] == "text/xml; charset=utf-8", path
        root = etree.fromstring(body, etree.XMLParser(recover=False, resolve_entities=False))
        if path == "requests":
            output = [one.findtext("service_request_id") for one in root]
            assert output == [one["service_request_id"] for one in requests]
            words = [one.findtext("description") or None for one in root]
            assert words == [one["description"] for one in requests]
    print(f"{len(requests)} requests by schema, {len(paths)} documents by lxml")


def geoparquet():
    try:
        import duckdb
        import geopandas
    except ImportError:
        skip("GeoPandas and DuckDB")
    path = os.path.join(FOLDER, "export.parquet")
    table = geopandas.read_parquet(path)
    assert len(table) == total() and table.crs == "OGC:CRS84", (len(table), table.crs)
    stats = get_json("/api/v1/stats?approximate=true")
    assert int(table.geometry.isna().sum()) == stats["unlocated"]
    counts = dict(duckdb.sql(f"select status, count(*) from read_parquet('{path}') group by 1").fetchall())
    assert counts == {word: n for word, n in stats["status"].items() if n}, (counts, stats["status"])
    newest = get_json("/api/v1/reports?limit=1")["features"][0]
    row = table[table.service_request_id == newest["id"]].iloc[0]
    assert row.service_code == newest["properties"]["service_code"]
    assert row.requested_datetime.strftime("%Y-%m-%dT%H:%M:%SZ") == newest["properties"]["requested_datetime"]
    # The boxes of GeoParquet 1.1: GeoPandas reads a box by them, and they hold their points.
    for path in [path, downloaded("parquet")]:
        box = (-71.30, 46.78, -71.20, 46.86)
        inside = geopandas.read_parquet(path, bbox=box)
        placed = get_json(f"/api/v1/stats?approximate=true&bbox={','.join(map(str, box))}")["total"]
        assert len(inside) == placed, (len(inside), placed)
        import pyarrow.parquet
        meta = json.loads(pyarrow.parquet.read_schema(path).metadata[b"geo"])
        assert meta["version"] == "1.1.0" and meta["columns"]["geometry"]["covering"]["bbox"]["xmin"] == ["bbox", "xmin"]
        whole = geopandas.read_parquet(path)
        boxes = pyarrow.parquet.read_table(path, columns=["bbox"])["bbox"].to_pylist()
        for point, edges in zip(whole.geometry, boxes):
            assert (point is None) == (edges is None)
            assert point is None or (edges["xmin"] <= point.x <= edges["xmax"] and edges["ymin"] <= point.y <= edges["ymax"])
    print(f"GeoPandas and DuckDB read {len(table)} rows")


def openapi():
    """Both documents by the rules of OpenAPI 3.0, in both languages."""
    try:
        from openapi_spec_validator import validate
    except ImportError:
        skip("openapi-spec-validator")
    summary = []
    for path in ["/api/openapi.json", "/ogc/api"]:
        for language in ["fr", "en"]:
            document = get_json(f"{path}?lang={language}")
            validate(document)
        summary.append(f"{len(document['paths'])} paths of {path}")
    print(f"OpenAPI documents are valid: {', '.join(summary)}")


def generated():
    """A typed client that openapi-python-client writes from the document: it files and asks."""
    program = os.path.join(os.path.dirname(sys.executable), "openapi-python-client")
    os.path.exists(program) or skip("openapi-python-client")
    run(program, "generate", "--url", f"{URL}/api/openapi.json", "--meta", "none", "--output-path", "typed")
    sys.path.insert(0, FOLDER)
    import typed
    from typed import models, types
    from typed.api.maps import clusters, hexes, hotspots
    from typed.api.places import nearest, stats
    from typed.api.reports import change_report, create_media, create_report, history

    client = typed.Client(base_url=URL, raise_on_unexpected_status=True)
    with open(os.path.join(FOLDER, "photo.png"), "wb") as photo:
        # A red dot.
        photo.write(bytes.fromhex(
            "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d7"
            "63f8cfc000000301010018dd8db00000000049454e44ae426082"))
    with open(os.path.join(FOLDER, "photo.png"), "rb") as photo:
        sent = types.File(payload=photo, file_name="photo.png", mime_type="image/png")
        kept = create_media.sync(client=client, body=models.CreateMediaFilesBody(media=sent))
    assert kept.width == kept.height == 1, kept
    report = models.NewReport.from_dict(
        {"service_code": "lampadaire", "lon": -71.21, "lat": 46.81, "media_url": kept.media_url})
    filed = create_report.sync(client=client, body=report)
    assert filed.properties.media_url == [kept.media_url], filed
    near = nearest.sync(client=client, lon=-71.21, lat=46.81, k=3).features
    assert near[0].id == filed.id and near[0].properties.distance_m == 0.0, near
    change = models.ReportChange.from_dict({"status": "closed", "closed_reason": "done"})
    closed = change_report.sync(filed.id, client=client, body=change)
    assert closed.properties.status == "closed", closed
    steps = [step.event for step in history.sync(filed.id, client=client).history]
    assert steps == ["created", "changed"], steps
    counted = stats.sync(client=client, approximate=True)
    assert counted.total == total() and counted.hours_to_close.p50 > 0, counted
    spots = clusters.sync(client=client, bbox="-71.4,46.7,-71.1,46.9", zoom=14).features
    kinds = {type(spot.properties).__name__ for spot in spots}
    assert kinds == {"Cluster", "ReportFacts"}, kinds
    cells = hexes.sync(client=client, resolution=8)
    assert cells.statistic.available and cells.features[0].properties.class_, cells.statistic
    found = hotspots.sync(client=client)
    assert found.window.days == 30.0, found.window
    print(f"a generated client: {len(spots)} spots, {len(cells.features)} hexagons")


def schemathesis():
    program = os.path.join(os.path.dirname(sys.executable), "schemathesis")
    os.path.exists(program) or skip("schemathesis")
    done = subprocess.run(
        [program, "run", f"{URL}/api/openapi.json", "--max-examples", "12", "--workers", "1",
         "--exclude-path-regex", "batch", "--seed", "311", "--checks",
         "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"],
        capture_output=True, text=True, cwd=FOLDER, timeout=900,
    )
    summary = done.stdout[done.stdout.rfind("= SUMMARY ="):]
    assert "generated" in summary and "❌" not in summary, done.stdout[-4000:]
    print(next(line.strip() for line in summary.splitlines() if "generated" in line))


try:
    globals()[NAME]()
except urllib.error.HTTPError as error:
    raise AssertionError(f"{error.url}: {error.code} {error.read()[:500]}") from error
