// Wiring: what the address says is asked of the API and drawn.
import type { Map } from "maplibre-gl";
import * as api from "./api";
import { divisionOf, drawAreas } from "./areas";
import { type CardActions, drawCard, drawMissing, hideCard } from "./card";
import { COLORS, paint } from "./colors";
import { byId, make } from "./dom";
import { type Counts, drawFilters } from "./filters";
import { CLASS_COLORS, drawHexes, drawHotspotCard, drawHotspots, hexWords, type HotActions, hotLegend } from "./hot";
import { drawIncident, type IncidentActions } from "./incident";
import { appendList, drawList, type ListActions } from "./list";
import {
  box, FIRST_DATA_LAYER, makeMap, showAreas, showChosen, showHexes, showHotspots, showLayer,
  showOutlines, showSpots, showWhole,
} from "./map";
import { askOthers, drawOthers, together } from "./others";
import { hexParams, hotParams, params, read, type State, STATUSES, write } from "./state";
import { say, setLanguage } from "./words";

let state: State;
let settings: api.Config;
let cities: api.City[] = [];
let catalogue: api.Catalogue = { groups: [], services: [] };
let counts: Counts | null = null;
let divisions: api.Division[] = [];
let outlines: GeoJSON.FeatureCollection | null = null;
/** The division that the outlines are of. */
let outlined: string | null = null;
let map: Map | null = null;
let listed: string | null = null;
let hotspots: api.HotspotPage | null = null;
let asking = new AbortController();
let telling: ReturnType<typeof setTimeout> | undefined;
/** The last answer failed, and a notice says so. */
let troubled = false;

const city = (): api.City => cities.find((c) => c.jurisdiction_id === state.city) ?? cities[0];

function notice(text: string | null): void {
  const box = byId("notice");
  box.hidden = !text;
  box.textContent = text ?? "";
}

function remember(): void {
  if (map) {
    const { lng, lat } = map.getCenter();
    state.view = { zoom: map.getZoom(), lat, lon: lng };
  }
  window.history.replaceState(null, "", write(state));
}

/** Asks everything again; what was being asked is no longer wanted. */
async function refresh(what: "all" | "view"): Promise<void> {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  remember();
  try {
    const tasks: Promise<void>[] = [refreshView(signal)];
    if (what === "all") tasks.push(refreshCounts(signal));
    await Promise.all(tasks);
    if (troubled) notice(null);
    troubled = false;
    document.body.dataset.idle = String(Number(document.body.dataset.idle ?? 0) + 1);
  } catch (error) {
    if (signal.aborted) return;
    troubled = true;
    if (error instanceof api.Refused && error.status !== 503) return notice(error.message);
    notice(say(error instanceof api.Refused ? "notice.starting" : "notice.offline"));
    setTimeout(() => void refresh("all"), 2000);
  }
}

async function refreshView(signal: AbortSignal): Promise<void> {
  if (map) showLayer(map, state.layer);
  if (state.layer !== "reports") drawOthers([], () => undefined);
  if (state.layer === "hotspots") return refreshHotspots(signal);
  if (state.layer === "hexes") return refreshHexes(signal);
  const filter = params(state);
  const bbox: api.Params = map ? { bbox: box(map) } : {};
  const tasks: Promise<unknown>[] = [];
  if (map) tasks.push(refreshSpots(map, { ...bbox, zoom: zoomOf(map) }, signal));
  if (!listed) {
    tasks.push(api.reports({ ...filter, ...bbox }, signal).then((page) => drawList(page, false, listActions)));
  }
  await Promise.all(tasks);
}

const zoomOf = (map: Map): string => String(Math.max(0, Math.min(22, Math.floor(map.getZoom()))));

async function refreshSpots(map: Map, view: api.Params, signal: AbortSignal): Promise<void> {
  const [own, others] = await Promise.all([
    api.clusters({ ...params(state), ...view }, signal),
    state.others ? askOthers(cities, state, view, signal) : [],
  ]);
  showSpots(map, together(own, others));
  drawOthers(others, (id) => void visit(id));
}

async function refreshHotspots(signal: AbortSignal): Promise<void> {
  const question = hotParams(state);
  const { limit: _, days: __, ...filter } = question;
  const [page, alerts] = await Promise.all([api.hotspots(question, signal), api.alerts(filter, signal)]);
  hotspots = page;
  if (map) showHotspots(map, page, alerts);
  const days = page.window ? Math.round(page.window.days) : 0;
  const n = page.numberMatched;
  byId("summary").textContent = say(n === 1 ? "summary.hotspot" : "summary.hotspots", { n, days });
  drawHotspots(page, alerts, hotActions);
}

async function refreshHexes(signal: AbortSignal): Promise<void> {
  const bbox: api.Params = map ? { bbox: box(map) } : {};
  const page = await api.hexes({ ...hexParams(state, map?.getZoom() ?? 11), ...bbox }, signal);
  if (map) showHexes(map, page);
  byId("summary").textContent = say("summary.hexes", { n: page.total });
  drawHexes(page.features, page.statistic.reason, hotActions);
}

/** The filter of what is counted: of any status where the map shows any. */
function counted(without?: "service"): api.Params {
  const { status, ...rest } = params(state, without);
  return state.layer === "reports" ? { status, ...rest } : rest;
}

async function refreshCounts(signal: AbortSignal): Promise<void> {
  const division = divisionOf(state, divisions);
  const { area: _, ...anywhere } = counted();
  const [here, byStatus, byService, byArea] = await Promise.all([
    api.stats(counted(), signal),
    api.stats(params(state, "status"), signal),
    api.stats(counted("service"), signal),
    api.stats(division ? { ...anywhere, areas: division } : anywhere, signal),
    outline(division),
  ]);
  counts = { byStatus, byService, byDay: here };
  drawFilters(state, catalogue, counts, change, cities.length);
  const total = here.total === 0 ? say("summary.none")
    : here.total === 1 ? say(state.incidents ? "summary.incident" : "summary.one")
    : say(state.incidents ? "summary.incidents" : "summary", { n: here.total });
  const unlocated = here.unlocated ? `, ${say("summary.unlocated", { n: here.unlocated })}` : "";
  if (state.layer === "reports") byId("summary").textContent = total + unlocated;
  drawAreas(state, divisions, byArea, change);
  if (map) {
    showAreas(map, byArea);
    showOutlines(map, outlines, state.area);
  }
}

/** Fetches the outlines of a division, once. */
async function outline(division: string | null): Promise<void> {
  if (outlined === division) return;
  outlines = division ? await api.outlines(division, state.city) : null;
  outlined = division;
}

function change(next: Partial<State>): void {
  Object.assign(state, next);
  listed = null;
  if (next.layer) hideCard();
  if (next.layer || "others" in next) drawLegend();
  drawFilters(state, catalogue, counts, change, cities.length);
  void refresh("all");
}

const listActions: ListActions = {
  open: (feature) => void openReport(feature.properties.service_request_id, true),
  more: (next) => void api.nextPage(next).then((page) => appendList(page, listActions)),
  back: () => {
    listed = null;
    void refresh("view");
  },
};

const hotActions: HotActions = {
  hotspot: (id) => void openHotspot(id),
  go: (feature) => {
    if (map) showWhole(map, feature, still());
  },
  report: (id) => void openReport(id, true),
  close: () => {
    hideCard();
    byId("list").focus();
  },
};

async function openHotspot(id: number): Promise<void> {
  showPanel(true);
  const known = hotspots?.features.find((hotspot) => hotspot.properties.hotspot_id === id);
  const told = await api.hotspot(id, state.city);
  // Of the question on the page the list knows more than a life tells.
  const hotspot = known ? { ...known, properties: { ...told.properties, ...known.properties } } : told;
  drawHotspotCard(hotspot, city().time_zone, hotActions);
  if (map) showWhole(map, hotspot, still());
}

/** A hexagon's words beside the map, for eyes and for readers of screens. */
function tellHex(properties: GeoJSON.GeoJsonProperties): void {
  // The map hands nested values on as text.
  const trend = typeof properties?.trend === "string" ? JSON.parse(properties.trend) : undefined;
  notice(hexWords({ ...(properties as api.Hex["properties"]), trend }));
  clearTimeout(telling);
  telling = setTimeout(() => troubled || notice(null), 7000);
}

const cardActions: CardActions = {
  close: () => {
    const id = state.report;
    state.report = null;
    hideCard();
    if (map) showChosen(map, null);
    remember();
    const row = id && byId("reports").querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
    (row || byId("list")).focus();
  },
  follow: (id) => void openReport(id, true),
  service: (code) => catalogue.services.find((one) => one.service_code === code),
};

const incidentActions: IncidentActions = {
  open: (id) => void openReport(id, true),
  changed: (id) => void Promise.all([openReport(id, false), refresh("all")]),
};

async function openReport(id: string, move: boolean): Promise<void> {
  state.report = id;
  remember();
  showPanel(true);
  try {
    const [feature, { history }] = await Promise.all([
      api.report(id, state.city), api.history(id, state.city),
    ]);
    drawCard(feature, history, city(), cardActions);
    void drawIncident(feature, city(), incidentActions).catch(() => undefined);
    const at = (feature.geometry?.coordinates ?? null) as [number, number] | null;
    if (map) {
      showChosen(map, at);
      if (at && move) map.easeTo({ center: at, zoom: Math.max(map.getZoom(), 15), duration: still() ? 0 : 500 });
    }
  } catch {
    drawMissing(cardActions);
  }
}

async function openCluster(
  id: string, expansionZoom: number | null, at: [number, number], city?: string,
): Promise<void> {
  if (expansionZoom !== null && map && expansionZoom <= map.getMaxZoom()) {
    map.easeTo({ center: at, zoom: Math.max(expansionZoom, map.getZoom() + 1), duration: still() ? 0 : 500 });
    return;
  }
  if (city) await visit(city);
  listed = id;
  showPanel(true);
  drawList(await api.clusterReports(id, params(state)), true, listActions);
  byId("list").focus();
}

const still = (): boolean => matchMedia("(prefers-reduced-motion: reduce)").matches;

function showPanel(open: boolean): void {
  const handle = byId("handle");
  handle.setAttribute("aria-expanded", String(open));
  handle.textContent = say(open ? "panel.close" : "panel.open");
  byId("panel").classList.toggle("open", open);
}

function drawWords(): void {
  document.title = `pointchaud · ${city().name}`;
  byId("skip").textContent = say("skip");
  byId("language").textContent = say("language");
  byId("report-link").textContent = say("page.report");
  const link = new URLSearchParams({ lang: state.language, city: state.city });
  byId<HTMLAnchorElement>("report-link").href = `/signaler?${link}`;
  byId("language").lang = state.language === "fr" ? "en" : "fr";
  byId("city-label").textContent = say("city");
  const select = byId<HTMLSelectElement>("city");
  select.replaceChildren(...cities.map((c) => make("option", { value: c.jurisdiction_id }, c.name)));
  select.value = city().jurisdiction_id;
  byId("filters").setAttribute("aria-label", say("services"));
  showPanel(byId("panel").classList.contains("open"));
  drawLegend();
}

function drawLegend(): void {
  const entry = (style: string, text: string): HTMLElement =>
    make("li", {}, make("span", { class: style, "aria-hidden": "true" }), text);
  const own = state.layer === "reports"
    ? [make("ul", { "aria-label": say("legend") }, entry("circle", say("legend.cluster")),
      ...(state.others && cities.length > 1 ? [entry("circle other", say("others"))] : []),
      ...STATUSES.map((status) => entry(`dot ${status}`, say(`one.${status}`))))]
    : hotLegend(state.layer);
  byId("legend").replaceChildren(...own);
}

async function startMap(): Promise<void> {
  byId("map").replaceChildren();
  try {
    map = makeMap(byId("map"), state.view, city(), {
      moved: () => void refresh("view"),
      cluster: (id, zoom, at, city) => void openCluster(id, zoom, at, city),
      report: (id, city) => void (city ? visit(city) : Promise.resolve()).then(() => openReport(id, false)),
      hotspot: (id) => void openHotspot(id),
      hex: (properties) => tellHex(properties),
    });
  } catch {
    map = null;
    notice(say("notice.webgl"));
    return;
  }
  const made = map;
  await new Promise<void>((loaded) => made.once("load", () => loaded()));
  Object.assign(window, { pointchaudMap: made });
  if (settings.basemap) {
    const { addBasemap } = await import("./basemap");
    void addBasemap(made, settings.basemap, FIRST_DATA_LAYER, state.language).then((shown) => {
      if (shown) return;
      notice(say("notice.basemap"));
      setTimeout(() => troubled || notice(null), 8000);
    });
  }
}

/** Makes another city the one of the page, where the map is; its services are others. */
async function visit(id: string): Promise<void> {
  state = { ...state, city: id, services: [], area: null, division: null, report: null };
  await enter();
}

/** Everything that depends on the city or the language. */
async function enter(): Promise<void> {
  setLanguage(state.language);
  drawWords();
  [catalogue, divisions] = await Promise.all([api.catalogue(state.city), api.divisions(state.city)]);
  outlined = null;
  counts = null;
  listed = null;
  hideCard();
  drawFilters(state, catalogue, counts, change, cities.length);
  map?.remove();
  await startMap();
  await refresh("all");
  if (state.report) await openReport(state.report, !state.view);
}

async function start(): Promise<void> {
  paint({ ...COLORS, ...CLASS_COLORS });
  settings = await api.config();
  state = read(location.hash, settings.default_jurisdiction);
  setLanguage(state.language);
  cities = await api.cities();
  while (cities.length === 0) {
    notice(say("notice.starting"));
    await new Promise((later) => setTimeout(later, 500));
    cities = await api.cities();
  }
  if (!cities.some((c) => c.jurisdiction_id === state.city)) state.city = cities[0].jurisdiction_id;
  byId<HTMLSelectElement>("city").addEventListener("change", (event) => {
    state.view = null;
    void visit((event.target as HTMLSelectElement).value);
  });
  byId("language").addEventListener("click", () => {
    state.language = state.language === "fr" ? "en" : "fr";
    void enter();
  });
  byId("handle").addEventListener("click", () => showPanel(!byId("panel").classList.contains("open")));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || byId("card").hidden) return;
    if (state.report) cardActions.close();
    else hotActions.close();
  });
  window.addEventListener("hashchange", () => {
    state = read(location.hash, settings.default_jurisdiction);
    void enter();
  });
  await enter();
}

void start().catch(() => {
  notice(say("notice.offline"));
  setTimeout(() => location.reload(), 3000);
});
