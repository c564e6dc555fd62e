// The map: clusters and reports from the API, names of neighbourhoods, nothing else of its own.
import {
  AttributionControl, GeolocateControl, type GeoJSONSource, Map, NavigationControl, ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import type { City, Stats, Status } from "./api";
import type { View } from "./state";
import { say, shortNumber } from "./words";

declare const WORKER_URL: string;

export const COLORS: Record<Status, string> = {
  open: "#c2410c",
  in_progress: "#b7791f",
  closed: "#64748b",
};
const FONT = ["Inter", "system-ui", "sans-serif"];
export const FIRST_DATA_LAYER = "areas";
const EMPTY: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

export interface MapActions {
  moved(): void;
  cluster(id: string, expansionZoom: number | null, at: [number, number]): void;
  report(id: string): void;
}

/** Words of the map's own controls; they are fixed when the map is made. */
const locale = (): Record<string, string> => ({
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
    touchPitch: false, attributionControl: false, locale: locale(), fadeDuration: 120,
    style: {
      version: 8,
      sources: {
        areas: { type: "geojson", data: EMPTY },
        spots: { type: "geojson", data: EMPTY },
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
  for (const layer of ["clusters", "reports"]) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
  map.on("click", "clusters", (event) => {
    const feature = event.features?.[0];
    if (!feature || feature.geometry.type !== "Point") return;
    const { cluster_id, expansion_zoom } = feature.properties;
    actions.cluster(cluster_id, expansion_zoom ?? null, feature.geometry.coordinates as [number, number]);
  });
  map.on("click", "reports", (event) => {
    const id = event.features?.[0]?.properties.service_request_id;
    if (id) actions.report(id);
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
    {
      id: FIRST_DATA_LAYER, type: "symbol", source: "areas", minzoom: 9.5, maxzoom: 15,
      layout: {
        "text-field": ["get", "name"], "text-font": FONT, "text-size": 12.5, "text-max-width": 8,
        "text-variable-anchor": ["center", "top", "bottom"], "text-radial-offset": 1.3,
        "symbol-sort-key": ["-", 0, ["get", "count"]], "text-padding": 6,
      },
      paint: { "text-color": "#55616b", "text-halo-color": "#eef1f0", "text-halo-width": 1.6 },
    },
    {
      id: "clusters", type: "circle", source: "spots", filter: ["get", "cluster"],
      layout: { "circle-sort-key": ["get", "count"] },
      paint: {
        "circle-radius": radius, "circle-color": fill, "circle-opacity": 0.93,
        "circle-stroke-color": "#ffffff", "circle-stroke-width": 2,
      },
    },
    {
      id: "reports", type: "circle", source: "spots", filter: ["!", ["get", "cluster"]],
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 4, 13, 6, 17, 9],
        "circle-color": status, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.6,
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

const source = (map: Map, id: string): GeoJSONSource | undefined => map.getSource<GeoJSONSource>(id);

export function showSpots(map: Map, spots: GeoJSON.FeatureCollection): void {
  for (const feature of spots.features) {
    if (feature.properties?.cluster) feature.properties.label = shortNumber(feature.properties.count);
  }
  source(map, "spots")?.setData(spots);
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
