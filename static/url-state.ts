// What the map page shows, kept in the fragment of its URL: a link opens the same view.
import type { QueryParams, Status } from "./api";
import { type Language, preferredLanguage } from "./i18n";

/** How many days back reports are counted. */
export type Period = "1" | "7" | "30" | "365" | "all";
export const PERIODS: Period[] = ["1", "7", "30", "365", "all"];
export const STATUSES: Status[] = ["open", "in_progress", "closed"];

/** The order of the list of reports. */
export type Sort = "newest" | "oldest";
export const SORTS: Sort[] = ["newest", "oldest"];

export type Layer = "reports" | "hotspots" | "hexes";
export const LAYERS: Layer[] = ["reports", "hotspots", "hexes"];

export interface MapView {
  zoom: number;
  lat: number;
  lon: number;
}

export interface UrlState {
  /** Jurisdiction id. */
  city: string;
  language: Language;
  layer: Layer;
  period: Period;
  statuses: Status[];
  /** Codes of the selected services; empty for all. */
  services: string[];
  /** Only reports without a place. */
  isPlaceless: boolean;
  sort: Sort;
  /** Count incidents instead of reports: duplicates count once. */
  countIncidents: boolean;
  /** The boundary set (such as boroughs) whose areas are shown; null for the city's first one. */
  boundarySet: string | null;
  /** Name of the selected area of the boundary set. */
  area: string | null;
  /** Show reports of the other cities too. */
  neighbours: boolean;
  /** Id of the report whose card is open. */
  report: string | null;
  /** Null fits the map to the city. */
  mapView: MapView | null;
}

export const DEFAULT_FILTER = { period: "all" as Period, statuses: ["open", "in_progress"] as Status[] };

/** Reads the state from a URL fragment; what is missing or invalid takes its default. */
export function parseHash(hash: string, defaultCity: string | null): UrlState {
  const query = new URLSearchParams(hash.replace(/^#/, ""));
  const list = (name: string): string[] => (query.get(name) ?? "").split(",").filter(Boolean);
  const period = query.get("period") as Period;
  const statuses = list("status").filter((s): s is Status => STATUSES.includes(s as Status));
  const [zoom, lat, lon] = (query.get("map") ?? "").split("/").map(Number);
  const valid = [zoom, lat, lon].every(Number.isFinite) && Math.abs(lat) <= 90;
  return {
    city: query.get("city") ?? defaultCity ?? "",
    // Links to the page from elsewhere may name the language in the query string, as the API does.
    language: preferredLanguage(
      query.get("lang") ?? new URLSearchParams(location.search).get("lang"),
    ),
    layer: LAYERS.find((layer) => layer === query.get("show")) ?? "reports",
    period: PERIODS.includes(period) ? period : DEFAULT_FILTER.period,
    statuses: statuses.length ? statuses : [...DEFAULT_FILTER.statuses],
    services: list("service"),
    isPlaceless: query.get("place") === "none",
    sort: SORTS.find((sort) => sort === query.get("sort")) ?? "newest",
    countIncidents: query.get("count") === "incidents",
    boundarySet: query.get("division"),
    area: query.get("area"),
    neighbours: query.has("others"),
    report: query.get("report"),
    mapView: valid ? { zoom, lat, lon } : null,
  };
}

/** Writes the state as a URL fragment, the inverse of `parseHash`. */
export function formatHash(state: UrlState): string {
  const parts: string[] = [];
  const put = (name: string, value: string): number => parts.push(`${name}=${value}`);
  if (state.mapView) {
    const { zoom, lat, lon } = state.mapView;
    put("map", `${zoom.toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`);
  }
  put("city", state.city);
  if (state.layer !== "reports") put("show", state.layer);
  put("status", state.statuses.join(","));
  put("period", state.period);
  if (state.services.length) put("service", state.services.join(","));
  if (state.isPlaceless) put("place", "none");
  if (state.sort !== "newest") put("sort", state.sort);
  if (state.countIncidents) put("count", "incidents");
  if (state.boundarySet) put("division", encodeURIComponent(state.boundarySet));
  if (state.area) put("area", encodeURIComponent(state.area));
  if (state.neighbours) put("others", "1");
  if (state.report) put("report", encodeURIComponent(state.report));
  put("lang", state.language);
  return `#${parts.join("&")}`;
}

/**
 * The area parameter, with its boundary set, as two sets may have areas of the same name; in quotes,
 * as a comma separates names.
 */
const areaParam = ({ area, boundarySet }: UrlState): QueryParams =>
  area ? { area: `"${(boundarySet ? `${boundarySet}:${area}` : area).replaceAll('"', '""')}"` } : {};

/**
 * The filter as API parameters. `without` leaves one condition out, to count the reports that each
 * of its values would select.
 */
export function filterParams(state: UrlState, without?: "status" | "service" | "area"): QueryParams {
  const params: QueryParams = { jurisdiction_id: state.city };
  if (state.countIncidents) params.count = "incidents";
  if (state.isPlaceless) params.place = "none";
  if (without !== "area") Object.assign(params, areaParam(state));
  if (without !== "status") params.status = state.statuses.join(",");
  if (without !== "service" && state.services.length) params.service = state.services.join(",");
  if (state.period !== "all") {
    const from = Date.now() - Number(state.period) * 86_400_000;
    // Rounded to the minute, so that equal requests are answered from the cache.
    params.from = new Date(Math.floor(from / 60_000) * 60_000).toISOString();
  }
  return params;
}

/** Parameters of the hotspots: closed reports count too, as they were problems in the period. */
export function hotspotParams(state: UrlState): QueryParams {
  const params: QueryParams = { jurisdiction_id: state.city, limit: "50" };
  if (state.services.length) params.service = state.services.join(",");
  Object.assign(params, areaParam(state));
  if (state.period !== "all") params.days = state.period;
  return params;
}

/** H3 resolutions by zoom: hexagons as large as a fingertip on the screen. */
const H3_RESOLUTIONS: [belowZoom: number, resolution: number][] = [[9.6, 7], [11.2, 8], [12.8, 9], [14.4, 10]];

/**
 * Parameters of the hexagons. All statuses count. If services are selected, their counts are
 * compared with all reports of the same places rather than with a uniform rate.
 */
export function hexParams(state: UrlState, zoom: number): QueryParams {
  const resolution = H3_RESOLUTIONS.find(([belowZoom]) => zoom < belowZoom)?.[1] ?? 11;
  return {
    ...filterParams(state, "status"), resolution: String(resolution), limit: "4000",
    exposure: state.services.length ? "reports" : "none", steps: "12",
  };
}
