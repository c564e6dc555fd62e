// What the page shows, kept in the address: a link opens the same view.
import type { Params, Status } from "./api";
import type { Language } from "./words";

export type Period = "1" | "7" | "30" | "365" | "all";
export const PERIODS: Period[] = ["1", "7", "30", "365", "all"];
export const STATUSES: Status[] = ["open", "in_progress", "closed"];

export type Layer = "reports" | "hotspots" | "hexes";
export const LAYERS: Layer[] = ["reports", "hotspots", "hexes"];

export interface View {
  zoom: number;
  lat: number;
  lon: number;
}

export interface State {
  city: string;
  language: Language;
  layer: Layer;
  period: Period;
  statuses: Status[];
  services: string[];
  /** Each incident counts once. */
  incidents: boolean;
  /** The set of areas that the city is divided in; none for the first it has. */
  division: string | null;
  /** One of its areas. */
  area: string | null;
  /** Other cities are drawn, too. */
  others: boolean;
  report: string | null;
  view: View | null;
}

export const unfiltered = { period: "all" as Period, statuses: ["open", "in_progress"] as Status[] };

export function read(hash: string, city: string): State {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const list = (name: string): string[] => (words.get(name) ?? "").split(",").filter(Boolean);
  const period = words.get("period") as Period;
  const statuses = list("status").filter((s): s is Status => STATUSES.includes(s as Status));
  const [zoom, lat, lon] = (words.get("map") ?? "").split("/").map(Number);
  const valid = [zoom, lat, lon].every(Number.isFinite) && Math.abs(lat) <= 90;
  const browser = navigator.language.startsWith("en") ? "en" : "fr";
  const named = words.get("lang");
  return {
    city: words.get("city") ?? city,
    language: named === "fr" || named === "en" ? named : browser,
    layer: LAYERS.find((layer) => layer === words.get("show")) ?? "reports",
    period: PERIODS.includes(period) ? period : unfiltered.period,
    statuses: statuses.length ? statuses : [...unfiltered.statuses],
    services: list("service"),
    incidents: words.get("count") === "incidents",
    division: words.get("division"),
    area: words.get("area"),
    others: words.has("others"),
    report: words.get("report"),
    view: valid ? { zoom, lat, lon } : null,
  };
}

export function write(state: State): string {
  const words: string[] = [];
  const put = (name: string, value: string): number => words.push(`${name}=${value}`);
  if (state.view) {
    const { zoom, lat, lon } = state.view;
    put("map", `${zoom.toFixed(2)}/${lat.toFixed(5)}/${lon.toFixed(5)}`);
  }
  put("city", state.city);
  if (state.layer !== "reports") put("show", state.layer);
  put("status", state.statuses.join(","));
  put("period", state.period);
  if (state.services.length) put("service", state.services.join(","));
  if (state.incidents) put("count", "incidents");
  if (state.division) put("division", encodeURIComponent(state.division));
  if (state.area) put("area", encodeURIComponent(state.area));
  if (state.others) put("others", "1");
  if (state.report) put("report", encodeURIComponent(state.report));
  put("lang", state.language);
  return `#${words.join("&")}`;
}

/** The area's condition; of a name that two divisions have, the one on the page is meant. */
const inArea = ({ area, division }: State): Params =>
  area ? { area: division ? `${division}:${area}` : area } : {};

/** The filter as the API wants it, leaving one of its conditions out to count what it would let in. */
export function params(state: State, without?: "status" | "service" | "period" | "area"): Params {
  const params: Params = { jurisdiction_id: state.city };
  if (state.incidents) params.count = "incidents";
  if (without !== "area") Object.assign(params, inArea(state));
  if (without !== "status") params.status = state.statuses.join(",");
  if (without !== "service" && state.services.length) params.service = state.services.join(",");
  if (without !== "period" && state.period !== "all") {
    const from = Date.now() - Number(state.period) * 86_400_000;
    // To the minute, so that the same question is asked again and answered from the cache.
    params.from = new Date(Math.floor(from / 60_000) * 60_000).toISOString();
  }
  return params;
}

/** The question about hotspots: any status, as what is closed was trouble too. */
export function hotParams(state: State): Params {
  const params: Params = { jurisdiction_id: state.city, limit: "50" };
  if (state.services.length) params.service = state.services.join(",");
  Object.assign(params, inArea(state));
  if (state.period !== "all") params.days = state.period;
  return params;
}

/**
 * The question about hexagons, as large as fingers: of any status, and where services are chosen
 * held against all that is reported there.
 */
export function hexParams(state: State, zoom: number): Params {
  const steps = [[9.6, 7], [11.2, 8], [12.8, 9], [14.4, 10]].find(([most]) => zoom < most);
  return {
    ...params(state, "status"), resolution: String(steps?.[1] ?? 11), limit: "4000",
    exposure: state.services.length ? "reports" : "none", steps: "12",
  };
}
