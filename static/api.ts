// The public API, typed: the page has no other way to anything.
import { language } from "./words";

export type Status = "open" | "in_progress" | "closed";

export interface City {
  jurisdiction_id: string;
  name: string;
  time_zone: string;
  extent: [number, number, number, number] | null;
  reports: number;
}

export interface Service {
  service_code: string;
  service_name: string;
  group: string;
  names?: { fr: string; en: string };
  description?: string;
  synonyms?: string[];
  attributes?: Question[];
}

/** What a service asks of whoever reports. */
export interface Question {
  code: string;
  /** False: nothing is asked, something is said. */
  variable: boolean;
  datatype: "string" | "number" | "datetime" | "text" | "singlevaluelist" | "multivaluelist";
  required: boolean;
  description: string;
  datatype_description: string;
  values: { key: string; name: string }[];
}

/** Answers by their questions' codes. */
export type Answers = Record<string, string | string[]>;

export interface Photo {
  media_url: string;
  thumbnail_url: string;
  /** Where it was taken, by its own word. */
  position: { lon: number; lat: number } | null;
}

export interface Catalogue {
  groups: { code: string; name: string }[];
  services: Service[];
}

export interface Stats {
  total: number;
  unlocated: number;
  status: Partial<Record<Status, number>>;
  service: { code: string; name: string; group: string; count: number }[];
  area: { name: string; count: number; center: [number, number] | null }[];
  day: { date: string; count: number }[];
}

/** A set of areas, such as quartiers. */
export interface Division {
  name: string;
  areas: number;
}

export interface Report {
  service_request_id: string;
  service_code: string;
  service_name: string;
  status: Status;
  closed_reason?: string;
  source_status?: string;
  nature: string;
  channel: string;
  requested_datetime: string;
  closed_datetime?: string;
  accuracy?: string;
  address?: string | null;
  area?: string | null;
  description?: string | null;
  parent_service_request_id?: string;
  assignee?: string;
  attributes?: Answers;
  media_url?: string[];
}

export type ReportFeature = GeoJSON.Feature<GeoJSON.Point | null, Report>;

/** Groups and single reports, as a map shows them. */
export interface Spots extends GeoJSON.FeatureCollection {
  /** Reports in all the squares that the view touches. */
  numberMatched: number;
}

export interface Page<F> {
  features: F[];
  next?: string;
  truncated: boolean;
}

export interface Change {
  at: string;
  author: string;
  event: "created" | "changed";
  fields?: { field: string; before: string | null; after: string | null }[];
}

export interface Duplicate extends Report {
  distance_m: number;
  probability: number;
  decision: "duplicate" | "possible" | "new";
  sentence: string;
}

export interface DuplicateFeature extends GeoJSON.Feature<GeoJSON.Point | null, Duplicate> {
  id: string;
}

export interface DuplicatePage {
  decision: string;
  features: DuplicateFeature[];
}

export interface Incident {
  incident_id: string;
  reports: number;
  open: number;
  changes: { change_id: number; kind: string; author: string; at: string; undone_by: number | null }[];
  features: (ReportFeature & { id: string })[];
}

/** What became of a report that was sent: made, or its sender is to choose. */
export type Filed = { created: true; report: ReportFeature } | { created: false; found: DuplicatePage };

export interface Config {
  default_jurisdiction: string;
  basemap: string | null;
}

export interface Hex extends GeoJSON.Feature<GeoJSON.Polygon> {
  properties: {
    h3: string;
    count: number;
    open: number;
    neighbourhood_count: number | null;
    neighbourhood_expected: number | null;
    z: number | null;
    class: string | null;
    trend?: { class: string | null };
  };
}

export interface HexPage {
  features: Hex[];
  total: number;
  statistic: { available: boolean; reason?: string };
}

export interface HotspotLife {
  at: string;
  event: string;
  other_hotspot_id: number | null;
  count: number;
}

export interface Hotspot extends GeoJSON.Feature<GeoJSON.Polygon | GeoJSON.MultiPolygon> {
  properties: {
    hotspot_id: number;
    rank: number;
    service_name: string;
    class: string;
    explanation: string;
    count: number;
    trend: string;
    priority?: number;
    priority_parts?: Record<"excess" | "open" | "age" | "trend" | "severity", number>;
    service_request_ids?: string[];
    history?: HotspotLife[];
  };
}

export interface HotspotPage {
  features: Hotspot[];
  numberMatched: number;
  window?: { from: string; to: string; days: number };
  statistic: { available: boolean; reason?: string };
}

export interface Alert extends GeoJSON.Feature<GeoJSON.Polygon | GeoJSON.MultiPolygon> {
  properties: {
    service_name: string;
    explanation: string;
    count: number;
    level: "alert" | "watch";
  };
}

/** Parameters of a question. */
export type Params = Record<string, string>;

/** An answer that is not a success. */
export class Refused extends Error {
  constructor(readonly status: number, detail: string) {
    super(detail);
  }
}

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  const answer = await fetch(path, { signal, headers: { Accept: "application/json" } });
  if (!answer.ok) throw await refused(answer);
  return answer.json();
}

async function refused(answer: Response): Promise<Refused> {
  const problem = await answer.json().catch(() => ({}));
  return new Refused(answer.status, problem.detail ?? answer.statusText);
}

const ask = (path: string, params: Params): string =>
  `${path}?${new URLSearchParams({ ...params, lang: language() })}`;

export const config = (): Promise<Config> => get("/config.json");

export const cities = async (): Promise<City[]> =>
  (await get<{ jurisdictions: City[] }>("/api/v1/jurisdictions")).jurisdictions;

export const catalogue = (city: string): Promise<Catalogue> =>
  get(ask("/api/v1/services", { jurisdiction_id: city }));

export const stats = (params: Params, signal: AbortSignal): Promise<Stats> =>
  get(ask("/api/v1/stats", params), signal);

export const divisions = async (city: string): Promise<Division[]> =>
  (await get<{ boundaries: Division[] }>(ask("/api/v1/boundaries", { jurisdiction_id: city }))).boundaries;

export const outlines = (name: string, city: string): Promise<GeoJSON.FeatureCollection> =>
  get(ask(`/api/v1/boundaries/${encodeURIComponent(name)}`, { jurisdiction_id: city }));

export const clusters = (params: Params, signal: AbortSignal): Promise<Spots> =>
  get(ask("/api/v1/clusters", params), signal);

export const reports = (params: Params, signal?: AbortSignal): Promise<Page<ReportFeature>> =>
  get(ask("/api/v1/reports", { limit: "40", ...params }), signal);

export const clusterReports = (id: string, params: Params): Promise<Page<ReportFeature>> =>
  get(ask(`/api/v1/clusters/${id}/reports`, { limit: "40", ...params }));

export const hexes = (params: Params, signal: AbortSignal): Promise<HexPage> =>
  get(ask("/api/v1/hexes", params), signal);

export const hotspots = (params: Params, signal: AbortSignal): Promise<HotspotPage> =>
  get(ask("/api/v1/hotspots", params), signal);

export const hotspot = (id: number, city: string): Promise<Hotspot> =>
  get(ask(`/api/v1/hotspots/${id}`, { jurisdiction_id: city }));

/** What has just begun; nothing while the first look is under way. */
export const alerts = async (params: Params, signal: AbortSignal): Promise<Alert[]> =>
  (await get<{ features: Alert[] }>(ask("/api/v1/alerts", params), signal)).features;

export const nextPage = (path: string): Promise<Page<ReportFeature>> => get(path);

export const report = (id: string, city: string): Promise<ReportFeature> =>
  get(ask(`/api/v1/reports/${encodeURIComponent(id)}`, { jurisdiction_id: city }));

export const history = (id: string, city: string): Promise<{ history: Change[] }> =>
  get(ask(`/api/v1/reports/${encodeURIComponent(id)}/history`, { jurisdiction_id: city }));

export const duplicates = (params: Params, signal: AbortSignal): Promise<DuplicatePage> =>
  get(ask("/api/v1/duplicates", params), signal);

export const incident = (id: string, city: string): Promise<Incident> =>
  get(ask(`/api/v1/incidents/${encodeURIComponent(id)}`, { jurisdiction_id: city }));

/** Changes who belongs to an incident; with the crew's key where the service asks for one. */
export async function regroup(
  id: string, what: "merge" | "split" | "undo", body: object, city: string, key: string,
): Promise<Incident> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (key) headers.Authorization = `Bearer ${key}`;
  const path = ask(`/api/v1/incidents/${encodeURIComponent(id)}/${what}`, { jurisdiction_id: city });
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw await refused(answer);
  return answer.json();
}

/** Has a photo kept, before the report that it belongs to is filed. */
export async function keepPhoto(file: File): Promise<Photo> {
  const headers = { "Content-Type": file.type || "application/octet-stream" };
  const answer = await fetch(ask("/api/v1/media", {}), { method: "POST", headers, body: file });
  if (!answer.ok) throw await refused(answer);
  return answer.json();
}

/** Files a report; the same key makes sending it again harmless. */
export async function file(body: object, params: Params, key: string): Promise<Filed> {
  const answer = await fetch(ask("/api/v1/reports", params), {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw await refused(answer);
  const told = await answer.json();
  return answer.status === 201 ? { created: true, report: told } : { created: false, found: told };
}
