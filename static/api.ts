// The public API, typed from its OpenAPI document: the page gets all its data through these functions.
import type * as schema from "./api-types";
import { language } from "./i18n";

/** A feature whose properties have an OpenAPI schema; its geometry has the exact GeoJSON type. */
type Feature<P, G extends GeoJSON.Geometry | null> = GeoJSON.Feature<G, P> & { id: string };

/** A feature collection of the API with the type of its features. */
type Collection<C extends { features: unknown[] }, F> = Omit<C, "features"> & { features: F[] };

type Area = GeoJSON.Polygon | GeoJSON.MultiPolygon;

export type { Hex, Report } from "./api-types";
/** Counts under a filter of which these members were asked for. */
export type StatsOf<F extends keyof schema.Stats> = { [K in F]: NonNullable<schema.Stats[K]> };
export type Status = schema.Report["status"];
export type City = schema.Jurisdictions["jurisdictions"][number];
export type Catalogue = schema.Services;
export type Service = schema.Services["services"][number];
/** A question that a service asks about each report (Open311: service attribute). */
export type ServiceAttribute = Service["attributes"][number];
/** The answers to a service's questions, by attribute code. */
export type AttributeValues = Record<string, string | string[]>;
export type Photo = schema.StoredPhoto;
export type BoundarySet = schema.Boundaries["boundaries"][number];
export type HistoryEntry = schema.History["history"][number];
export type ReportFeature = Feature<schema.Report, GeoJSON.Point | null>;
export type ReportPage = Collection<schema.ReportCollection, ReportFeature>;
/** Clusters, and single reports where there is no other nearby. */
export type ClusterPage = Collection<schema.ClusterItemCollection, Feature<schema.ClusterItem, GeoJSON.Point>>;
export type DuplicateFeature = Feature<schema.Duplicate, GeoJSON.Point | null>;
export type DuplicatePage = Collection<schema.DuplicateCollection, DuplicateFeature>;
export type Incident = Collection<schema.IncidentCollection, ReportFeature>;
export type HexFeature = Feature<schema.Hex, Area>;
export type HexPage = Collection<schema.HexCollection, HexFeature>;
export type HotspotFeature = Feature<schema.Hotspot, Area>;
export type HotspotPage = Collection<schema.HotspotCollection, HotspotFeature>;
export type HotspotEvent = NonNullable<schema.Hotspot["history"]>[number];
/** What a file was recognised as, before it is imported. */
export type Import = schema.Import;
export type ImportChange = schema.ImportChange;
export type ImportColumn = schema.ImportColumn;
export type ImportProgress = schema.ImportProgress;
export type AuditLine = schema.AuditLine;
export type AuditPage = schema.AuditPage;
/** A report with texts or photos that wait for a person. */
export type HeldReport = schema.HeldReport;
export type AlertFeature = Feature<schema.Alert, Area>;
/** Who is logged in, and what that allows. */
export type Session = schema.Session;

/** Settings of the page, from `/config.json`. */
export interface Config {
  /** Null while the service has no city. */
  default_jurisdiction: string | null;
  /** URL of the TileJSON of the basemap; null for none. */
  basemap: string | null;
}

/** The report that was created, or the likely duplicates among which its sender has to choose. */
export type CreateResult =
  | { created: true; report: ReportFeature }
  | { created: false; duplicates: DuplicatePage };

/** Parameters of a request's query string. */
export type QueryParams = Record<string, string>;

/** An answer with an error status; the message is for the user, in the page's language. */
export class ApiError extends Error {
  constructor(readonly status: number, message: string) {
    super(message);
  }
}

async function readJson<T>(response: Response): Promise<T> {
  if (response.ok) return response.json();
  const problem: Partial<schema.Problem> = await response.json().catch(() => ({}));
  throw new ApiError(response.status, problem.detail ?? response.statusText);
}

const get = async <T>(url: string, signal?: AbortSignal): Promise<T> =>
  readJson(await fetch(url, { signal, headers: { Accept: "application/json" } }));

/** An address with its parameters; the service refuses empty ones. */
const urlOf = (path: string, params: QueryParams): string => {
  const all: QueryParams = { ...params, lang: language() };
  const given = Object.entries(all).filter(([, value]) => value !== "");
  return `${path}?${new URLSearchParams(given)}`;
};

const id = encodeURIComponent;

export const config = (): Promise<Config> => get("/config.json");

/** Has the service read all its data? */
export const isReady = async (): Promise<boolean> => (await fetch("/readyz")).ok;

export const cities = async (): Promise<City[]> =>
  (await get<schema.Jurisdictions>("/api/v1/jurisdictions")).jurisdictions;

export const catalogue = (city: string): Promise<Catalogue> =>
  get(urlOf("/api/v1/services", { jurisdiction_id: city }));

/** Counts under a filter: those of these members are made and answered, no others. */
export const stats = <F extends keyof schema.Stats>(
  params: QueryParams, fields: F[], signal: AbortSignal,
): Promise<StatsOf<F>> =>
  get(urlOf("/api/v1/stats", { ...params, fields: fields.join(",") }), signal);

export const boundarySets = async (city: string): Promise<BoundarySet[]> =>
  (await get<schema.Boundaries>(urlOf("/api/v1/boundaries", { jurisdiction_id: city }))).boundaries;

/** The areas of a boundary set with their outlines. */
export const boundaries = (name: string, city: string): Promise<GeoJSON.FeatureCollection> =>
  get(urlOf(`/api/v1/boundaries/${id(name)}`, { jurisdiction_id: city }));

export const clusters = (params: QueryParams, signal: AbortSignal): Promise<ClusterPage> =>
  get(urlOf("/api/v1/clusters", params), signal);

export const clusterReports = (cluster: string, params: QueryParams): Promise<ReportPage> =>
  get(urlOf(`/api/v1/clusters/${cluster}/reports`, { limit: "40", ...params }));

export const reports = (params: QueryParams, signal?: AbortSignal): Promise<ReportPage> =>
  get(urlOf("/api/v1/reports", { limit: "40", ...params }), signal);

/** The format of an export, which is the ending of its address. */
export type ExportFormat = "csv" | "geojson" | "gpkg" | "parquet" | "fgb";

/** The address of every report of a filter as one file; throws the reason where it is refused. */
export async function exportUrl(format: ExportFormat, params: QueryParams): Promise<string> {
  const url = urlOf(`/api/v1/export.${format}`, params);
  const { ok } = await fetch(url, { method: "HEAD" });
  if (!ok) await readJson(await fetch(url));
  return url;
}

/** The next page of a list, by the `next` link of the page before. */
export const nextPage = (link: string): Promise<ReportPage> => get(link);

export const report = (report: string, city: string): Promise<ReportFeature> =>
  get(urlOf(`/api/v1/reports/${id(report)}`, { jurisdiction_id: city }));

export const history = async (report: string, city: string): Promise<HistoryEntry[]> =>
  (await get<schema.History>(urlOf(`/api/v1/reports/${id(report)}/history`, { jurisdiction_id: city }))).history;

export const hexes = (params: QueryParams, signal: AbortSignal): Promise<HexPage> =>
  get(urlOf("/api/v1/hexes", params), signal);

export const hotspots = (params: QueryParams, signal: AbortSignal): Promise<HotspotPage> =>
  get(urlOf("/api/v1/hotspots", params), signal);

export const hotspot = (hotspot: number, city: string): Promise<HotspotFeature> =>
  get(urlOf(`/api/v1/hotspots/${hotspot}`, { jurisdiction_id: city }));

/** Hotspots that have just started; none until the service has scanned the city once. */
export const alerts = async (params: QueryParams, signal: AbortSignal): Promise<AlertFeature[]> =>
  (await get<{ features: AlertFeature[] }>(urlOf("/api/v1/alerts", params), signal)).features;

export const duplicates = (params: QueryParams, signal?: AbortSignal): Promise<DuplicatePage> =>
  get(urlOf("/api/v1/duplicates", params), signal);

export const incident = (report: string, city: string): Promise<Incident> =>
  get(urlOf(`/api/v1/incidents/${id(report)}`, { jurisdiction_id: city }));

const JSON_BODY = { "Content-Type": "application/json" };

/** Merges, splits or undoes; for crews. */
export async function changeIncident(
  report: string, action: "merge" | "split" | "undo", body: schema.Members | schema.Undo, city: string,
): Promise<Incident> {
  const url = urlOf(`/api/v1/incidents/${id(report)}/${action}`, { jurisdiction_id: city });
  return readJson(await fetch(url, { method: "POST", headers: JSON_BODY, body: JSON.stringify(body) }));
}

// The session of a crew. The browser sends its cookie by itself, and no script can read it.

export const session = (): Promise<Session> => get(urlOf("/api/v1/session", {}));

/** Opens a session; throws the reason where the key is wrong. */
export const logIn = async (key: string): Promise<Session> => readJson(await fetch(
  urlOf("/api/v1/session", {}), { method: "POST", headers: JSON_BODY, body: JSON.stringify({ key }) }));

/** Ends the session, or every session of the same key. */
export async function logOut(everywhere: boolean): Promise<void> {
  const url = urlOf("/api/v1/session", everywhere ? { all: "true" } : {});
  const response = await fetch(url, { method: "DELETE" });
  if (!response.ok) await readJson(response);
}

/** Uploads a photo; the report that is created later refers to it by its URL. */
export async function uploadPhoto(file: File): Promise<Photo> {
  const headers = { "Content-Type": file.type || "application/octet-stream" };
  return readJson(await fetch(urlOf("/api/v1/media", {}), { method: "POST", headers, body: file }));
}

/** Creates a report. Sending it again with the same idempotency key creates no second one. */
export async function createReport(
  report: schema.NewReport, params: QueryParams, idempotencyKey: string,
): Promise<CreateResult> {
  const response = await fetch(urlOf("/api/v1/reports", params), {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": idempotencyKey },
    body: JSON.stringify(report),
  });
  const { status } = response;
  if (status === 201) return { created: true, report: await readJson<ReportFeature>(response) };
  return { created: false, duplicates: await readJson<DuplicatePage>(response) };
}

// Imports need a session, unless the service is for this machine alone.

async function askImport<T>(method: string, path: string, body?: ImportChange): Promise<T> {
  const headers = { Accept: "application/json", ...JSON_BODY };
  const url = urlOf(`/api/v1/imports${path}`, {});
  return readJson(await fetch(url, { method, headers, body: body && JSON.stringify(body) }));
}

/** The newest lines of the audit that pass a filter; refused to who may not read it. */
export const audit = (params: QueryParams): Promise<AuditPage> => nextAuditPage(urlOf("/api/v1/audit", params));

/** The next page of the audit, by the `next` link of the page before. */
export const nextAuditPage = async (link: string): Promise<AuditPage> =>
  readJson(await fetch(link, { headers: { Accept: "application/json" } }));

/** All lines of the audit that pass a filter, as a CSV file. */
export async function auditFile(params: QueryParams): Promise<Blob> {
  const response = await fetch(urlOf("/api/v1/audit.csv", params));
  return response.ok ? response.blob() : readJson<never>(response);
}

/** The files that were sent before; refused to who may not import. */
export const imports = (): Promise<schema.Imports> => askImport("GET", "");

export const changeImport = (one: string, change: ImportChange): Promise<Import> =>
  askImport("PATCH", `/${id(one)}`, change);

export const runImport = (one: string): Promise<ImportProgress> => askImport("POST", `/${id(one)}/run`);

export const importProgress = (one: string): Promise<ImportProgress> => askImport("GET", `/${id(one)}`);

export async function deleteImport(one: string): Promise<void> {
  const response = await fetch(urlOf(`/api/v1/imports/${id(one)}`, {}), { method: "DELETE" });
  if (!response.ok) await readJson(response);
}

/** The refused rows of an import, as a CSV file. */
export async function refusedRows(one: string): Promise<Blob> {
  const response = await fetch(`/api/v1/imports/${id(one)}/refused`);
  return response.ok ? response.blob() : readJson<never>(response);
}

/** Sends a file to be imported; `onProgress` gets the share that has been sent. `fetch` cannot tell it. */
export function sendImport(file: File, onProgress: (share: number) => void): Promise<Import> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", urlOf("/api/v1/imports", { name: file.name }));
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onerror = () => reject(new Error("the upload was interrupted"));
    request.onload = () => {
      const response = new Response(request.responseText || "{}", { status: request.status });
      readJson<Import>(response).then(resolve, reject);
    };
    request.send(file);
  });
}

// Reviews need the session of somebody who may decide.

/** The first reports with texts or photos that wait for a person. */
export const held = async (city: string): Promise<schema.HeldList> =>
  readJson(await fetch(urlOf("/api/v1/review", { jurisdiction_id: city, limit: "20" })));

/** Decides what the public sees of the texts and photos of a report. */
export async function review(report: string, body: schema.ReviewBody, city: string): Promise<ReportFeature> {
  const url = urlOf(`/api/v1/review/${id(report)}`, { jurisdiction_id: city });
  return readJson(await fetch(url, { method: "PUT", headers: JSON_BODY, body: JSON.stringify(body) }));
}
