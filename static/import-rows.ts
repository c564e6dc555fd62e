// The first rows of a file as the reports that they would become: on a map, as a list, and those that
// would be refused with their reasons.
import type { GeoJSONSource, Map } from "maplibre-gl";
import type { Config, Import } from "./api";
import { STATUS_COLORS } from "./colors";
import { byId, h } from "./dom";
import { formatDateTime, language, t, tValue } from "./i18n";

declare const WORKER_URL: string;

type Row = Import["rows"]["features"][number];

let map: Map | null = null;

/** Makes the map once; null without WebGL 2. */
async function previewMap(config: Config): Promise<Map | null> {
  if (map) return map;
  const [maplibre, { mapLocale }, { NO_FEATURES }, { addBasemap }] = await Promise.all([
    import("maplibre-gl"), import("./map"), import("./map-layers"), import("./basemap"),
  ]);
  maplibre.setWorkerUrl(WORKER_URL);
  try {
    map = new maplibre.Map({
      container: byId("map"), zoom: 1, maxZoom: 18, dragRotate: false, pitchWithRotate: false, touchPitch: false,
      attributionControl: false, locale: mapLocale(), cooperativeGestures: false,
      style: {
        version: 8,
        sources: { rows: { type: "geojson", data: NO_FEATURES } },
        layers: [
          { id: "background", type: "background", paint: { "background-color": "#e4e9e8" } },
          {
            id: "rows", type: "circle", source: "rows",
            paint: {
              "circle-radius": 7, "circle-stroke-width": 2, "circle-stroke-color": "#ffffff",
              "circle-color": ["match", ["get", "status"], "open", STATUS_COLORS.open,
                "in_progress", STATUS_COLORS.in_progress, STATUS_COLORS.closed],
            },
          },
        ],
      },
    });
  } catch {
    return null;
  }
  const made = map;
  made.touchZoomRotate.disableRotation();
  made.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
  made.addControl(new maplibre.AttributionControl({ compact: true }), "bottom-right");
  await new Promise<void>((resolve) => made.once("load", () => resolve()));
  if (config.basemap) void addBasemap(made, config.basemap, "rows", language());
  // Tests read the map.
  Object.assign(window, { pointchaudMap: made });
  return made;
}

async function drawMap(rows: Row[], config: Config): Promise<void> {
  const made = await previewMap(config);
  if (!made) return;
  const placed = rows.filter((row) => row.geometry !== null) as GeoJSON.Feature<GeoJSON.Point>[];
  made.getSource<GeoJSONSource>("rows")?.setData({ type: "FeatureCollection", features: placed });
  if (placed.length === 0) return;
  const lons = placed.map((row) => row.geometry.coordinates[0]);
  const lats = placed.map((row) => row.geometry.coordinates[1]);
  made.fitBounds([Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)],
    { padding: 40, maxZoom: 15, animate: false });
}

function refusedRow({ properties }: Row): HTMLElement {
  const reasons = properties.refusals.map(({ field, value, reason }) =>
    h("li", {}, value ? t("import.refusal", { field, value, reason }) : t("import.refusal.missing", { field, reason })));
  return h("li", {}, h("strong", {}, t("import.row", { number: properties.row })), h("ul", {}, ...reasons));
}

function takenRow({ geometry, properties }: Row, timeZone: string | null): HTMLElement {
  const { address, requested_datetime: requested, service_name: service, status } = properties;
  const place = address ?? geometry?.coordinates.map((degrees) => degrees.toFixed(5)).reverse().join(", ");
  const cells = [
    service ?? "", status ? tValue("status", status) : "", requested && timeZone ? formatDateTime(requested, timeZone) : requested ?? "",
    place ?? t("card.no_location"),
  ];
  return h("tr", {}, h("th", { scope: "row" }, String(properties.row)), ...cells.map((cell) => h("td", {}, cell)));
}

/** Draws the rows of a file. */
export function drawRows(file: Import, config: Config): void {
  const rows = file.rows.features;
  const taken = rows.filter((row) => row.properties.refusals.length === 0);
  const refused = rows.filter((row) => row.properties.refusals.length > 0);
  const placed = taken.filter((row) => row.geometry !== null).length;
  byId("rows-title").textContent = t("import.rows");
  byId("rows-summary").textContent = rows.length === 0 ? t("import.rows.none")
    : t("import.rows.summary", { taken: taken.length, placed, refused: refused.length });
  byId("preview").classList.toggle("without-places", placed === 0);
  byId("refused-rows").replaceChildren(...(refused.length === 0 ? [] : [
    h("h4", {}, t("import.rows.refused")), h("ol", { tabindex: 0, "aria-label": t("import.rows.refused") }, ...refused.map(refusedRow)),
  ]));
  const headings = ["import.row.number", "report.service", "status", "card.requested", "card.address"] as const;
  const heading = headings.map((key) => h("th", { scope: "col" }, t(key)));
  byId("first-rows").replaceChildren(
    h("summary", {}, t("import.rows.list")),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": t("import.rows.list") },
      h("table", {}, h("thead", {}, h("tr", {}, ...heading)),
        h("tbody", {}, ...taken.map((row) => takenRow(row, file.time_zone))))));
  byId("first-rows").hidden = taken.length === 0;
  void drawMap(taken, config);
}
