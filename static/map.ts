// The map: clusters and reports from the API, names of neighbourhoods, nothing else of its own.
import {
  AttributionControl, GeolocateControl, type GeoJSONSource, LngLatBounds, Map, NavigationControl, ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import type { Alert, City, HexPage, Hotspot, HotspotPage, Stats } from "./api";
import { COLORS } from "./colors";
import { CLASS_COLORS } from "./hot";
import type { Layer, View } from "./state";
import { say, shortNumber } from "./words";

declare const WORKER_URL: string;

const FONT = ["Inter", "system-ui", "sans-serif"];
export const FIRST_DATA_LAYER = "hexes";
const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

export interface MapActions {
  moved(): void;
  /** `city` is named where it is not the one of the page. */
  cluster(id: string, expansionZoom: number | null, at: [number, number], city?: string): void;
  report(id: string, city?: string): void;
  hotspot(id: number): void;
  hex(properties: GeoJSON.GeoJsonProperties, at: [number, number]): void;
}

/** Words of the map's own controls; they are fixed when the map is made. */
export const mapWords = (): Record<string, string> => ({
  "Map.Title": say("map"),
  "NavigationControl.ZoomIn": say("map.in"),
  "NavigationControl.ZoomOut": say("map.out"),
  "NavigationControl.ResetBearing": say("map.north"),
  "GeolocateControl.FindMyLocation": say("map.locate"),
  "GeolocateControl.LocationNotAvailable": say("map.unavailable"),
});

export function makeMap(container: HTMLElement, view: View | null, city: City, actions: MapActions): Map {
  setWorkerUrl(WORKER_URL);
  const start = view
    ? { center: [view.lon, view.lat] as [number, number], zoom: view.zoom }
    : city.extent ? { bounds: city.extent, fitBoundsOptions: { padding: 24 } } : { zoom: 1 };
  const map = new Map({
    container, ...start, maxZoom: 20, minZoom: 1, dragRotate: false, pitchWithRotate: false,
    touchPitch: false, attributionControl: false, locale: mapWords(), fadeDuration: 120,
    style: {
      version: 8,
      sources: {
        areas: { type: "geojson", data: EMPTY },
        outlines: { type: "geojson", data: EMPTY },
        spots: { type: "geojson", data: EMPTY },
        hexes: { type: "geojson", data: EMPTY },
        hotspots: { type: "geojson", data: EMPTY },
        alerts: { type: "geojson", data: EMPTY },
        marks: { type: "geojson", data: EMPTY },
        chosen: { type: "geojson", data: EMPTY },
      },
      layers: layers(),
    },
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new GeolocateControl({ trackUserLocation: false }), "top-right");
  map.addControl(new ScaleControl({}), "bottom-left");
  map.addControl(new AttributionControl({ compact: true }), "bottom-right");
  map.on("moveend", actions.moved);
  for (const layer of ["clusters", "reports", "hexes", "hotspots", "hotspot-marks"]) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
  map.on("click", "clusters", (event) => {
    const feature = event.features?.[0];
    if (!feature || feature.geometry.type !== "Point") return;
    const { cluster_id, expansion_zoom, city } = feature.properties;
    const at = feature.geometry.coordinates as [number, number];
    actions.cluster(cluster_id, expansion_zoom ?? null, at, city);
  });
  map.on("click", "reports", (event) => {
    const { service_request_id: id, city } = event.features?.[0]?.properties ?? {};
    if (id) actions.report(id, city);
  });
  for (const layer of ["hotspots", "hotspot-marks"]) {
    map.on("click", layer, (event) => {
      const id = event.features?.[0]?.properties.hotspot_id;
      if (id && !event.defaultPrevented) actions.hotspot(Number(id));
      event.preventDefault();
    });
  }
  map.on("click", "hexes", (event) => {
    const properties = event.features?.[0]?.properties;
    if (properties) actions.hex(properties, [event.lngLat.lng, event.lngLat.lat]);
  });
  return map;
}

function layers(): import("maplibre-gl").LayerSpecification[] {
  const status = ["match", ["get", "status"],
    "open", COLORS.open, "in_progress", COLORS.in_progress, COLORS.closed];
  // Circles grow with the logarithm of the count and stay within their square of 64 pixels.
  const radius = ["interpolate", ["linear"], ["ln", ["get", "count"]], 0.69, 13, 4.6, 18, 9.2, 26, 12, 30];
  const fill = ["interpolate", ["linear"], ["ln", ["get", "count"]],
    0.69, "#3f8fb0", 3, "#24789c", 6, "#0f5f82", 9, "#0b4866"];
  return [
    { id: "background", type: "background", paint: { "background-color": "#eef1f0" } },
    ...hotAreas(),
    {
      id: "outlines", type: "line", source: "outlines",
      paint: {
        "line-color": ["case", ["boolean", ["get", "chosen"], false], "#111827", "#6b7780"],
        "line-width": ["case", ["boolean", ["get", "chosen"], false], 2.6, 1],
        "line-opacity": 0.8,
      },
    },
    {
      id: "areas", type: "symbol", source: "areas", minzoom: 9.5, maxzoom: 15,
      layout: {
        "text-field": ["get", "name"], "text-font": FONT, "text-size": 12.5, "text-max-width": 8,
        "text-variable-anchor": ["center", "top", "bottom"], "text-radial-offset": 1.3,
        "symbol-sort-key": ["-", 0, ["get", "count"]], "text-padding": 6,
      },
      paint: { "text-color": "#55616b", "text-halo-color": "#eef1f0", "text-halo-width": 1.6 },
    },
    ...hotMarks(),
    {
      id: "clusters", type: "circle", source: "spots", filter: ["get", "cluster"],
      // Those of other cities lie below.
      layout: { "circle-sort-key": ["-", ["get", "count"], ["case", ["has", "city"], 1e9, 0]] },
      paint: {
        "circle-radius": radius, "circle-opacity": 0.93,
        "circle-color": ["case", ["has", "city"], COLORS.other, fill],
        "circle-stroke-color": "#ffffff", "circle-stroke-width": 2,
      },
    },
    {
      id: "reports", type: "circle", source: "spots", filter: ["!", ["get", "cluster"]],
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 4, 13, 6, 17, 9],
        "circle-color": status, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.6,
        "circle-opacity": ["case", ["has", "city"], 0.6, 1],
      },
    },
    {
      id: "counts", type: "symbol", source: "spots", filter: ["get", "cluster"],
      layout: {
        "text-field": ["get", "label"], "text-font": FONT, "text-size": 12.5,
        // Always drawn, and names of neighbourhoods keep clear of the circle.
        "text-allow-overlap": true, "text-padding": 8, "symbol-sort-key": ["get", "count"],
      },
      paint: { "text-color": "#ffffff", "text-halo-color": "#0b4866", "text-halo-width": 0.6 },
    },
    {
      id: "chosen", type: "circle", source: "chosen",
      paint: {
        "circle-radius": 14, "circle-color": "rgba(0,0,0,0)",
        "circle-stroke-color": "#111827", "circle-stroke-width": 3,
      },
    },
  ] as import("maplibre-gl").LayerSpecification[];
}

/** Hexagons and hotspots: colour says the class, a strong edge says the surest too. */
function hotAreas(): import("maplibre-gl").LayerSpecification[] {
  const color = ["match", ["get", "class"],
    ...Object.entries(CLASS_COLORS).filter(([word]) => word !== "none").flat(), "#93a1ab"];
  const sure = ["match", ["get", "class"], ["hot99", "cold99"], 1.8, 0.6];
  const edge = ["match", ["get", "class"], "hot99", "#67001f", "cold99", "#053061", "#7b8790"];
  const hidden = { visibility: "none" };
  return [
    {
      id: "hexes", type: "fill", source: "hexes", layout: hidden,
      paint: {
        "fill-color": color,
        "fill-opacity": ["match", ["coalesce", ["get", "class"], "none"], "none", 0.1, 0.78],
      },
    },
    {
      id: "hex-edges", type: "line", source: "hexes", layout: hidden,
      paint: { "line-color": edge, "line-width": sure, "line-opacity": 0.8 },
    },
    {
      id: "hotspots", type: "fill", source: "hotspots", layout: hidden,
      paint: { "fill-color": color, "fill-opacity": 0.55 },
    },
    {
      id: "hotspot-edges", type: "line", source: "hotspots", layout: hidden,
      paint: { "line-color": "#67001f", "line-width": 2 },
    },
    {
      id: "alert-edges", type: "line", source: "alerts", layout: hidden,
      paint: { "line-color": "#6b21a8", "line-width": 3, "line-dasharray": [2, 1.4] },
    },
  ] as import("maplibre-gl").LayerSpecification[];
}

/** What is written on them: counts, ranks, names. */
function hotMarks(): import("maplibre-gl").LayerSpecification[] {
  const hidden = { visibility: "none" };
  return [
    {
      id: "hex-counts", type: "symbol", source: "hexes",
      filter: ["!=", ["coalesce", ["get", "class"], "none"], "none"],
      layout: {
        ...hidden, "text-field": ["to-string", ["get", "count"]], "text-font": FONT, "text-size": 12,
        "symbol-sort-key": ["-", 0, ["abs", ["coalesce", ["get", "z"], 0]]],
      },
      paint: { "text-color": "#14212b", "text-halo-color": "#ffffff", "text-halo-width": 1.8 },
    },
    {
      id: "hotspot-marks", type: "circle", source: "marks",
      layout: { ...hidden, "circle-sort-key": ["-", 0, ["coalesce", ["get", "rank"], 0]] },
      paint: {
        // The less urgent make way until one comes near.
        "circle-radius": ["interpolate", ["linear"], ["zoom"],
          10, ["case", [">", ["coalesce", ["get", "rank"], 0], 9], 9, 13], 13, 13],
        "circle-stroke-width": 2,
        "circle-color": ["case", ["has", "rank"], "#b2182b", "#ffffff"],
        "circle-stroke-color": ["case", ["has", "rank"], "#ffffff", "#6b21a8"],
      },
    },
    {
      id: "hotspot-ranks", type: "symbol", source: "marks",
      layout: {
        ...hidden, "text-field": ["case", ["has", "rank"], ["to-string", ["get", "rank"]], "!"], "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"],
          10, ["case", [">", ["coalesce", ["get", "rank"], 0], 9], 10, 13.5], 13, 13.5],
        "text-allow-overlap": true, "text-ignore-placement": true,
      },
      paint: { "text-color": ["case", ["has", "rank"], "#ffffff", "#6b21a8"] },
    },
    {
      id: "hotspot-names", type: "symbol", source: "marks",
      layout: {
        ...hidden, "text-font": FONT, "text-size": 12.5,
        "text-field": ["step", ["zoom"],
          ["case", ["<=", ["coalesce", ["get", "rank"], 0], 9], ["coalesce", ["get", "service_name"], ""], ""],
          12.5, ["coalesce", ["get", "service_name"], ""]],
        "text-max-width": 10, "text-variable-anchor": ["top", "bottom", "left", "right"],
        "text-radial-offset": 1.3, "symbol-sort-key": ["coalesce", ["get", "rank"], 0],
      },
      paint: { "text-color": "#3f0010", "text-halo-color": "#ffffff", "text-halo-width": 2 },
    },
  ] as import("maplibre-gl").LayerSpecification[];
}

const LAYER_IDS: Record<Layer, string[]> = {
  reports: ["clusters", "reports", "counts"],
  hotspots: [
    "hotspots", "hotspot-edges", "alert-edges", "hotspot-marks", "hotspot-ranks", "hotspot-names",
  ],
  hexes: ["hexes", "hex-edges", "hex-counts"],
};

/** Shows one layer and hides the others. */
export function showLayer(map: Map, layer: Layer): void {
  for (const [name, ids] of Object.entries(LAYER_IDS)) {
    for (const id of ids) map.setLayoutProperty(id, "visibility", name === layer ? "visible" : "none");
  }
}

export function showHexes(map: Map, page: HexPage): void {
  source(map, "hexes")?.setData({ type: "FeatureCollection", features: page.features });
}

export function showHotspots(map: Map, page: HotspotPage, alerts: Alert[]): void {
  source(map, "hotspots")?.setData({ type: "FeatureCollection", features: page.features });
  source(map, "alerts")?.setData({ type: "FeatureCollection", features: alerts });
  // What has just begun is often a hotspot already: that one's mark is enough.
  const named = new Set(page.features.map((feature) => feature.properties.service_name));
  const begun = alerts.filter((alert) => !named.has(alert.properties.service_name));
  const marks = [...begun, ...page.features].map((feature) => {
    const { rank, hotspot_id, service_name } = feature.properties as Partial<Hotspot["properties"]>;
    return {
      type: "Feature" as const,
      properties: rank ? { rank, hotspot_id, service_name } : { service_name },
      geometry: { type: "Point" as const, coordinates: boundsOf(feature).getCenter().toArray() },
    };
  });
  source(map, "marks")?.setData({ type: "FeatureCollection", features: marks });
}

function boundsOf(feature: GeoJSON.Feature): LngLatBounds {
  const bounds = new LngLatBounds();
  const walk = (at: unknown): void => {
    if (!Array.isArray(at)) return;
    if (typeof at[0] === "number") bounds.extend(at as [number, number]);
    else at.forEach(walk);
  };
  if (feature.geometry && "coordinates" in feature.geometry) walk(feature.geometry.coordinates);
  return bounds;
}

/** Shows all of a feature, no nearer than streets can be read. */
export function showWhole(map: Map, feature: GeoJSON.Feature, still: boolean): void {
  const bounds = boundsOf(feature);
  if (!bounds.isEmpty()) map.fitBounds(bounds, { padding: 80, maxZoom: 15, duration: still ? 0 : 500 });
}

const source = (map: Map, id: string): GeoJSONSource | undefined => map.getSource<GeoJSONSource>(id);

export function showSpots(map: Map, spots: GeoJSON.FeatureCollection): void {
  for (const feature of spots.features) {
    if (feature.properties?.cluster) feature.properties.label = shortNumber(feature.properties.count);
  }
  source(map, "spots")?.setData(spots);
}

/** The city's areas, the chosen one strongly. */
export function showOutlines(map: Map, outlines: GeoJSON.FeatureCollection | null, chosen: string | null): void {
  const features = (outlines?.features ?? []).map((feature) => ({
    ...feature, properties: { ...feature.properties, chosen: feature.properties?.name === chosen },
  }));
  source(map, "outlines")?.setData({ type: "FeatureCollection", features });
}

export function showAreas(map: Map, stats: Stats): void {
  const features = stats.area.filter((area) => area.center).map((area) => ({
    type: "Feature" as const,
    geometry: { type: "Point" as const, coordinates: area.center as [number, number] },
    properties: { name: area.name, count: area.count },
  }));
  source(map, "areas")?.setData({ type: "FeatureCollection", features });
}

export function showChosen(map: Map, at: [number, number] | null): void {
  const features = at ? [{ type: "Feature" as const, properties: {}, geometry: { type: "Point" as const, coordinates: at } }] : [];
  source(map, "chosen")?.setData({ type: "FeatureCollection", features });
}

/** The view's box as the API wants it: west above east where it crosses the antimeridian. */
export function box(map: Map): string {
  const bounds = map.getBounds();
  const [west, east] = [bounds.getWest(), bounds.getEast()];
  const wrap = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180;
  const [w, e] = east - west >= 360 ? [-180, 180] : [wrap(west), wrap(east)];
  const edges = [w, Math.max(bounds.getSouth(), -90), e, Math.min(bounds.getNorth(), 90)];
  return edges.map((edge) => edge.toFixed(6)).join(",");
}
