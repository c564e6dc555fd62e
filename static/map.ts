// The MapLibre map of the map page: its controls and events, and functions that fill its sources.
import {
  AttributionControl, GeolocateControl, type GeoJSONSource, LngLatBounds, Map, NavigationControl, ScaleControl,
  setWorkerUrl,
} from "maplibre-gl";
import type { AlertFeature, City, HexPage, HotspotPage, StatsOf } from "./api";
import { formatCompact, t } from "./i18n";
import { LAYER_IDS, mapStyle, type SourceName } from "./map-layers";
import type { Layer, MapView } from "./url-state";

/** URL of the MapLibre worker script; the build defines it. */
declare const WORKER_URL: string;

type LonLat = [lon: number, lat: number];

export interface MapActions {
  onMove(): void;
  /** `city` is set if the cluster is of another city than the page's. */
  openCluster(id: string, expansionZoom: number | null, center: LonLat, city?: string): void;
  /** `city` is set if the report is of another city than the page's. */
  openReport(id: string, city?: string): void;
  openHotspot(id: number): void;
  /** The properties of a hexagon; MapLibre gives nested values as JSON texts. */
  describeHex(properties: GeoJSON.GeoJsonProperties): void;
}

/** Texts of the map's own controls; MapLibre reads them once, when the map is made. */
export const mapLocale = (): Record<string, string> => ({
  "Map.Title": t("map"),
  "NavigationControl.ZoomIn": t("map.zoom_in"),
  "NavigationControl.ZoomOut": t("map.zoom_out"),
  "NavigationControl.ResetBearing": t("map.north"),
  "GeolocateControl.FindMyLocation": t("map.locate"),
  "GeolocateControl.LocationNotAvailable": t("map.unavailable"),
});

/** Makes the map at `view`, or on the whole city; throws if the browser has no WebGL 2. */
export function makeMap(container: HTMLElement, view: MapView | null, city: City, actions: MapActions): Map {
  setWorkerUrl(WORKER_URL);
  const extent = city.extent as [number, number, number, number] | null;
  const start = view ? { center: [view.lon, view.lat] as LonLat, zoom: view.zoom }
    : extent ? { bounds: extent, fitBoundsOptions: { padding: 24 } } : { zoom: 1 };
  const map = new Map({
    container, ...start, maxZoom: 20, minZoom: 1, dragRotate: false, pitchWithRotate: false,
    touchPitch: false, attributionControl: false, locale: mapLocale(), fadeDuration: 120, style: mapStyle(),
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new GeolocateControl({ trackUserLocation: false }), "top-right");
  map.addControl(new ScaleControl({}), "bottom-left");
  map.addControl(new AttributionControl({ compact: true }), "bottom-right");
  addListeners(map, actions);
  return map;
}

function addListeners(map: Map, actions: MapActions): void {
  map.on("moveend", actions.onMove);
  for (const layer of ["clusters", "reports", "hexes", "hotspots", "hotspot-marks"]) {
    map.on("mouseenter", layer, () => (map.getCanvas().style.cursor = "pointer"));
    map.on("mouseleave", layer, () => (map.getCanvas().style.cursor = ""));
  }
  map.on("click", "clusters", (event) => {
    const feature = event.features?.[0];
    if (!feature || feature.geometry.type !== "Point") return;
    const { cluster_id, expansion_zoom, city } = feature.properties;
    actions.openCluster(cluster_id, expansion_zoom ?? null, feature.geometry.coordinates as LonLat, city);
  });
  map.on("click", "reports", (event) => {
    const { service_request_id: id, city } = event.features?.[0]?.properties ?? {};
    if (id) actions.openReport(id, city);
  });
  // A mark lies on its polygon: the listener that runs first prevents the other.
  for (const layer of ["hotspots", "hotspot-marks"]) {
    map.on("click", layer, (event) => {
      const id = event.features?.[0]?.properties.hotspot_id;
      if (id && !event.defaultPrevented) actions.openHotspot(Number(id));
      event.preventDefault();
    });
  }
  map.on("click", "hexes", (event) => {
    const properties = event.features?.[0]?.properties;
    if (properties) actions.describeHex(properties);
  });
}

/** Shows the MapLibre layers of one layer and hides those of the others. */
export function showLayer(map: Map, layer: Layer): void {
  for (const [name, ids] of Object.entries(LAYER_IDS)) {
    for (const id of ids) map.setLayoutProperty(id, "visibility", name === layer ? "visible" : "none");
  }
}

function setFeatures(map: Map, source: SourceName, features: GeoJSON.Feature[]): void {
  map.getSource<GeoJSONSource>(source)?.setData({ type: "FeatureCollection", features });
}

export function showClusters(map: Map, clusters: GeoJSON.FeatureCollection): void {
  for (const feature of clusters.features) {
    if (feature.properties?.cluster) feature.properties.label = formatCompact(feature.properties.count);
  }
  setFeatures(map, "clusters", clusters.features);
}

export const showHexes = (map: Map, page: HexPage): void => setFeatures(map, "hexes", page.features);

export function showHotspots(map: Map, page: HotspotPage, alerts: AlertFeature[]): void {
  setFeatures(map, "hotspots", page.features);
  setFeatures(map, "alerts", alerts);
  // An alert whose service has a hotspot gets no second mark.
  const services = new Set(page.features.map((hotspot) => hotspot.properties.service_name));
  const alone = alerts.filter((alert) => !services.has(alert.properties.service_name));
  const mark = (feature: GeoJSON.Feature, properties: object): GeoJSON.Feature => {
    const coordinates = boundsOf(feature).getCenter().toArray();
    return { type: "Feature", properties, geometry: { type: "Point", coordinates } };
  };
  setFeatures(map, "hotspot-marks", [
    ...alone.map((alert) => mark(alert, { service_name: alert.properties.service_name })),
    ...page.features.map((hotspot) => {
      const { rank, hotspot_id, service_name } = hotspot.properties;
      return mark(hotspot, { rank, hotspot_id, service_name });
    }),
  ]);
}

/** The outlines of the areas; the selected one is drawn wider. */
export function showOutlines(
  map: Map, outlines: GeoJSON.FeatureCollection | null, selected: string | null,
): void {
  setFeatures(map, "outlines", (outlines?.features ?? []).map((feature) => ({
    ...feature, properties: { ...feature.properties, selected: feature.properties?.name === selected },
  })));
}

/** The names of the areas at the centre of their reports. */
export function showAreaNames(map: Map, stats: StatsOf<"area">): void {
  setFeatures(map, "areas", stats.area.filter((area) => area.center).map(({ name, count, center }) => ({
    type: "Feature", properties: { name, count }, geometry: { type: "Point", coordinates: center as LonLat },
  })));
}

/** A ring around the selected report; none for null. */
export function showSelected(map: Map, coordinates: LonLat | null): void {
  setFeatures(map, "selected", coordinates
    ? [{ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } }] : []);
}

function boundsOf(feature: GeoJSON.Feature): LngLatBounds {
  const bounds = new LngLatBounds();
  let first: number | null = null;
  const extend = (value: unknown): void => {
    if (!Array.isArray(value)) return;
    if (typeof value[0] !== "number") return value.forEach(extend);
    const [lon, lat] = value as LonLat;
    first ??= lon;
    // Parts on both sides of the antimeridian lie side by side.
    bounds.extend([lon - 360 * Math.round((lon - first) / 360), lat]);
  };
  if (feature.geometry && "coordinates" in feature.geometry) extend(feature.geometry.coordinates);
  return bounds;
}

const prefersReducedMotion = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Length of a camera movement in milliseconds. */
export const animationDuration = (): number => (prefersReducedMotion() ? 0 : 500);

/** Fits the map to a feature, at most to the zoom where street names can be read. */
export function fitFeature(map: Map, feature: GeoJSON.Feature): void {
  const bounds = boundsOf(feature);
  if (!bounds.isEmpty()) map.fitBounds(bounds, { padding: 80, maxZoom: 15, duration: animationDuration() });
}

/** The zoom parameter of the API: an integer from 0 to 22. */
export const zoomParam = (map: Map): string => String(Math.max(0, Math.min(22, Math.floor(map.getZoom()))));

/** The bbox parameter of the API; west is greater than east where the view crosses the antimeridian. */
export function bboxParam(map: Map): string {
  const bounds = map.getBounds();
  const [west, east] = [bounds.getWest(), bounds.getEast()];
  const wrap = (lon: number): number => ((((lon + 180) % 360) + 360) % 360) - 180;
  const [w, e] = east - west >= 360 ? [-180, 180] : [wrap(west), wrap(east)];
  const edges = [w, Math.max(bounds.getSouth(), -90), e, Math.min(bounds.getNorth(), 90)];
  return edges.map((edge) => edge.toFixed(6)).join(",");
}
