// The map page: what its URL describes is loaded from the API and drawn.
import { drawActiveFilters } from "./active-filters";
import * as api from "./api";
import { drawAreaFilter, shownBoundarySet } from "./area-filter";
import { drawLanguageButton } from "./citizen-page";
import { setCssColors } from "./colors";
import { drawCrewButton } from "./crew";
import { byId, h, keepingFocus } from "./dom";
import { drawExportMenu } from "./export-menu";
import { drawFilters } from "./filters";
import { describeHex, drawHexList } from "./hexes";
import { drawHotspotCard, drawHotspotList, type HotspotActions } from "./hotspots";
import { formatDays, setLanguage, t } from "./i18n";
import { drawOffer } from "./import-offer";
import { drawIncident, type IncidentActions } from "./incident";
import { drawLegend, foldLegend } from "./legend";
import {
  animationDuration, bboxParam, fitFeature, makeMap, type MapActions, showAreaNames, showClusters, showHexes,
  showHotspots, showLayer, showOutlines, showSelected, zoomParam,
} from "./map";
import { FIRST_DATA_LAYER } from "./map-layers";
import { drawNeighbours, fetchNeighbours, mergeClusters } from "./neighbour-cities";
import { clearError, showError, showMessage } from "./notice";
import { drawMissingCard, drawReportCard, hideCard, type ReportCardActions } from "./report-card";
import { appendReportList, drawReportList, placeInList, type ReportListActions } from "./report-list";
import { cityOf, counted, initialState, type PageState } from "./state";
import { drawSort } from "./sort";
import { filterParams, formatHash, hexParams, hotspotParams, parseHash, type UrlState } from "./url-state";

let state: PageState;
/** Aborts the running requests when newer ones replace them. */
let requests = new AbortController();

/** Counts the cards that were asked for: a slow answer must not cover the card of a later one. */
let cardsAsked = 0;
/** The map is moving to a report that was opened from the list, which stays as it is. */
let isListKept = false;

/** Time between a failed request and the next try, in milliseconds. */
const RETRY_MS = 2000;

// --- Loading ---------------------------------------------------------------------------------------

/** Writes the state and the map's view to the URL; `push` makes it a step of the browser's history. */
function updateUrl(how: "push" | "replace" = "replace"): void {
  if (state.map) {
    const { lng, lat } = state.map.getCenter();
    state.url.mapView = { zoom: state.map.getZoom(), lat, lon: lng };
  }
  const hash = formatHash(state.url);
  if (how === "push") window.history.pushState(null, "", hash);
  else window.history.replaceState(null, "", hash);
}

/** Loads the map and, unless it is kept, the list; for `all` the counts too. Replaces the requests under way. */
async function refresh(what: "all" | "view" | "map"): Promise<void> {
  requests.abort();
  requests = new AbortController();
  const { signal } = requests;
  updateUrl();
  try {
    const view = refreshView(signal, what !== "map");
    await Promise.all([view, ...(what === "all" ? [refreshCounts(signal)] : [])]);
    clearError();
    document.body.classList.remove("stale");
    // Tests wait for this counter.
    document.body.dataset.idle = String(Number(document.body.dataset.idle ?? 0) + 1);
  } catch (error) {
    if (signal.aborted) return;
    // What is shown is of an earlier answer: the page says so and dims it.
    document.body.classList.add("stale");
    if (error instanceof api.ApiError && error.status !== 503) return showError(error.message);
    showError(t(error instanceof api.ApiError ? "notice.starting" : "notice.offline"));
    setTimeout(() => void refresh("all"), RETRY_MS);
  }
}

async function refreshView(signal: AbortSignal, withList: boolean): Promise<void> {
  const { map, url } = state;
  if (map) showLayer(map, url.layer);
  if (url.layer !== "reports") drawNeighbours([], () => undefined);
  if (url.layer !== "reports" || state.isClusterListed) drawExportMenu(null);
  if (url.layer === "hotspots") return refreshHotspots(signal);
  if (url.layer === "hexes") return refreshHexes(signal);
  const bbox: api.QueryParams = map ? { bbox: bboxParam(map) } : {};
  await Promise.all([
    map ? refreshClusters({ ...bbox, zoom: zoomParam(map) }, signal) : undefined,
    withList && !state.isClusterListed ? refreshList(bbox, signal) : undefined,
  ]);
}

async function refreshList(bbox: api.QueryParams, signal: AbortSignal): Promise<void> {
  const { url } = state;
  // No box holds a report without a place.
  const params = { ...filterParams(url), ...(url.isPlaceless ? {} : bbox) };
  drawExportMenu(params);
  const page = await api.reports({ ...params, sort: url.sort }, signal);
  drawReportList(page, url.isPlaceless ? "placeless" : "view", listActions);
}

async function refreshClusters(view: api.QueryParams, signal: AbortSignal): Promise<void> {
  const { cities, map, url } = state;
  const [own, neighbours] = await Promise.all([
    api.clusters({ ...filterParams(url), ...view }, signal),
    url.neighbours ? fetchNeighbours(cities, url, view, signal) : [],
  ]);
  if (map) showClusters(map, mergeClusters(own, neighbours));
  drawNeighbours(neighbours, (city) => void switchCity(city));
}

async function refreshHotspots(signal: AbortSignal): Promise<void> {
  const params = hotspotParams(state.url);
  const { limit: _limit, days: _days, ...filter } = params;
  const [page, alerts] = await Promise.all([api.hotspots(params, signal), api.alerts(filter, signal)]);
  state.hotspots = page;
  if (state.map) showHotspots(state.map, page, alerts);
  const period = formatDays(page.window ? Math.round(page.window.days) : 0);
  byId("summary").textContent = t("summary.hotspots", { count: page.numberMatched ?? 0, period });
  drawHotspotList(page, alerts, hotspotActions);
}

async function refreshHexes(signal: AbortSignal): Promise<void> {
  const { map, url } = state;
  const bbox: api.QueryParams = map ? { bbox: bboxParam(map) } : {};
  const page = await api.hexes({ ...hexParams(url, map?.getZoom() ?? 11), ...bbox }, signal);
  if (map) showHexes(map, page);
  byId("summary").textContent = t(`summary.hexes.${counted(state)}`, { count: page.total });
  drawHexList(page, counted(state), hotspotActions.showOnMap);
}

/** The filter of the counts; hotspots and hexagons count reports of every status. */
function countParams(without?: "service"): api.QueryParams {
  const { status, ...rest } = filterParams(state.url, without);
  return state.url.layer === "reports" ? { status, ...rest } : rest;
}

async function refreshCounts(signal: AbortSignal): Promise<void> {
  const { boundarySets, map, url } = state;
  const set = shownBoundarySet(url, boundarySets);
  const { area: _area, ...everywhere } = countParams();
  const [total, byStatus, byService, byArea] = await Promise.all([
    api.stats(countParams(), ["total", "unlocated", "day"], signal),
    api.stats(filterParams(url, "status"), ["status"], signal),
    api.stats(countParams("service"), ["service"], signal),
    api.stats(set ? { ...everywhere, areas: set } : everywhere, ["area"], signal),
    loadOutlines(set),
  ]);
  state.counts = { byStatus, byService, byDay: total };
  redrawFilters();
  if (url.layer === "reports") drawSummary(total);
  keepingFocus(() => drawAreaFilter(url, boundarySets, byArea, changeUrl));
  if (map) {
    showAreaNames(map, byArea);
    showOutlines(map, state.outlines?.areas ?? null, url.area);
  }
}

/** Loads the outlines of a boundary set unless they are loaded already. */
async function loadOutlines(set: string | null): Promise<void> {
  if (state.outlines?.set === set) return;
  const areas = set ? await api.boundaries(set, state.url.city) : null;
  state.outlines = { set, areas };
}

function drawSummary({ total, unlocated }: api.StatsOf<"total" | "unlocated">): void {
  byId("summary").textContent = total === 0 ? t("summary.none") : t(`count.${counted(state)}`, { count: total });
  const placeless = byId<HTMLButtonElement>("placeless");
  placeless.textContent = t("summary.unlocated", { count: unlocated });
  placeless.hidden = unlocated === 0 || state.url.isPlaceless;
}

const redrawFilters = (): void => keepingFocus(() => {
  const { catalogue, cities, counts, url } = state;
  drawFilters(url, catalogue, counts, cities.length, changeUrl);
  drawActiveFilters(url, catalogue, changeUrl);
  drawSort(url, changeUrl);
  if (url.layer !== "reports") byId("placeless").hidden = true;
});

/** Changes what the page shows: filter or layer. */
function changeUrl(change: Partial<UrlState>): void {
  Object.assign(state.url, change);
  state.isClusterListed = false;
  if (change.layer) hideCard();
  if (change.layer || "neighbours" in change) drawLegend(state.url, state.cities.length);
  redrawFilters();
  updateUrl("push");
  void refresh("all");
}

// --- Lists and cards -------------------------------------------------------------------------------

const listActions: ReportListActions = {
  open: (feature) => void openReport(feature.properties.service_request_id, true),
  loadMore: (link) => void api.nextPage(link).then((page) => appendReportList(page, listActions)),
  back: () => {
    state.isClusterListed = false;
    void refresh("view");
  },
};

const hotspotActions: HotspotActions = {
  openHotspot: (id) => void openHotspot(id),
  openReport: (id) => void openReport(id, true),
  showOnMap: (feature) => {
    if (state.map) fitFeature(state.map, feature);
  },
  closeCard: () => {
    hideCard();
    byId("list").focus();
  },
};

const cardActions: ReportCardActions = {
  close: () => {
    const id = state.url.report;
    state.url.report = null;
    hideCard();
    cardsAsked++;
    if (state.map) showSelected(state.map, null);
    updateUrl("push");
    const row = id && byId("list-items").querySelector<HTMLElement>(`[data-id="${CSS.escape(id)}"]`);
    (row || byId("list")).focus();
  },
  openReport: (id) => void openReport(id, true),
};

const incidentActions: IncidentActions = {
  openReport: (id) => void openReport(id, true),
  onChange: (id) => void Promise.all([openReport(id, false), refresh("all")]),
};

async function openHotspot(id: number): Promise<void> {
  const asked = ++cardsAsked;
  showPanel(true);
  const listed = state.hotspots?.features.find((one) => one.properties.hotspot_id === id);
  const stored = await api.hotspot(id, state.url.city);
  if (asked !== cardsAsked) return;
  // The stored hotspot has the history, the listed one what holds under the current filter.
  const hotspot = listed ? { ...listed, properties: { ...stored.properties, ...listed.properties } } : stored;
  drawHotspotCard(hotspot, cityOf(state).time_zone, hotspotActions);
  if (state.map) fitFeature(state.map, hotspot);
}

/** Opens the card of a report and, with `move`, brings it to the middle of the map that can be seen. */
async function openReport(id: string, move: boolean): Promise<void> {
  const { catalogue, url } = state;
  const city = cityOf(state);
  const asked = ++cardsAsked;
  const isNew = url.report !== id;
  url.report = id;
  updateUrl(isNew ? "push" : "replace");
  showPanel(true);
  try {
    const [feature, history] = await Promise.all([api.report(id, url.city), api.history(id, url.city)]);
    if (asked !== cardsAsked) return;
    const service = catalogue.services.find((one) => one.service_code === feature.properties.service_code);
    drawReportCard(feature, history, city, service, placeInList(id), cardActions);
    void drawIncident(feature, city, incidentActions).catch(() => undefined);
    showOnMap((feature.geometry?.coordinates ?? null) as [number, number] | null, move);
  } catch (error) {
    if (asked !== cardsAsked) return;
    if (error instanceof api.ApiError && error.status < 500) drawMissingCard(cardActions.close);
    else showError(t("notice.offline"));
  }
}

/** Marks a place and, with `move`, brings it into view beside the panel; the list stays as it is. */
function showOnMap(center: [number, number] | null, move: boolean): void {
  const { map } = state;
  if (!map) return;
  showSelected(map, center);
  if (!center || !move) return;
  isListKept = true;
  const [mapBox, panel] = [byId("map"), byId("panel")].map((element) => element.getBoundingClientRect());
  // On a phone the panel covers the lower part of the map.
  const covered = Math.max(0, Math.min(mapBox.bottom, panel.bottom) - Math.max(mapBox.top, panel.top));
  const offset: [number, number] = [0, panel.left < mapBox.right && panel.right > mapBox.left ? -covered / 2 : 0];
  map.easeTo({ center, offset, zoom: Math.max(map.getZoom(), 15), duration: animationDuration() });
}

// --- Map -------------------------------------------------------------------------------------------

const mapActions: MapActions = {
  onMove: () => {
    const what = isListKept ? "map" : "view";
    isListKept = false;
    void refresh(what);
  },
  openCluster: (id, expansionZoom, center, city) => void openCluster(id, expansionZoom, center, city),
  openReport: (id, city) => void (city ? switchCity(city) : Promise.resolve()).then(() => openReport(id, false)),
  openHotspot: (id) => void openHotspot(id),
  describeHex: (properties) => {
    const trend = typeof properties?.trend === "string" ? JSON.parse(properties.trend) : undefined;
    showMessage(describeHex({ ...(properties as api.Hex), trend }, counted(state)), 7);
  },
};

/** Zooms into a cluster; lists its reports if they are at one place, which no zoom separates. */
async function openCluster(
  id: string, expansionZoom: number | null, center: [number, number], city?: string,
): Promise<void> {
  const { map } = state;
  if (expansionZoom !== null && map && expansionZoom <= map.getMaxZoom()) {
    map.easeTo({ center, zoom: Math.max(expansionZoom, map.getZoom() + 1), duration: animationDuration() });
    return;
  }
  if (city) await switchCity(city);
  state.isClusterListed = true;
  showPanel(true);
  drawReportList(await api.clusterReports(id, filterParams(state.url)), "cluster", listActions);
  drawSort(state.url, changeUrl, false);
  drawExportMenu(null);
  byId("list").focus();
}

async function startMap(): Promise<void> {
  const { config: { basemap }, url } = state;
  state.map?.remove();
  byId("map").replaceChildren();
  try {
    state.map = makeMap(byId("map"), url.mapView, cityOf(state), mapActions);
  } catch {
    state.map = null;
    showMessage(t("notice.webgl"));
    return;
  }
  const { map } = state;
  await new Promise<void>((resolve) => map.once("load", () => resolve()));
  // Tests read and move the map.
  Object.assign(window, { pointchaudMap: map });
  if (basemap) {
    const { addBasemap } = await import("./basemap");
    void addBasemap(map, basemap, FIRST_DATA_LAYER, url.language).then((isAdded) => {
      if (!isAdded) showMessage(t("notice.basemap"), 8);
    });
  }
}

// --- Page ------------------------------------------------------------------------------------------

/** Opens or closes the panel, which covers the map on a phone. */
function showPanel(open: boolean): void {
  const toggle = byId("panel-toggle");
  toggle.setAttribute("aria-expanded", String(open));
  toggle.textContent = t(open ? "panel.close" : "panel.open");
  byId("panel").classList.toggle("open", open);
}

const isPanelOpen = (): boolean => byId("panel").classList.contains("open");

function drawTexts(): void {
  const { cities, url } = state;
  const city = cityOf(state);
  document.title = `pointchaud · ${city.name}`;
  byId("skip").textContent = t("skip");
  byId("language").textContent = t("language");
  byId("language").lang = url.language === "fr" ? "en" : "fr";
  // Crews see more than the public: everything is loaded anew.
  void drawCrewButton(() => location.reload());
  byId("report-link").textContent = t("report.link");
  const link = new URLSearchParams({ lang: url.language, city: url.city });
  byId<HTMLAnchorElement>("report-link").href = `/signaler?${link}`;
  byId("city-label").textContent = t("city");
  const select = byId<HTMLSelectElement>("city");
  select.replaceChildren(...cities.map((one) => h("option", { value: one.jurisdiction_id }, one.name)));
  select.value = city.jurisdiction_id;
  byId("filters").setAttribute("aria-label", t("services"));
  showPanel(isPanelOpen());
  drawLegend(url, cities.length);
}

/** Shows another city with the map where it is; the filters by service and area do not apply to it. */
async function switchCity(id: string): Promise<void> {
  state.url = { ...state.url, city: id, services: [], area: null, boundarySet: null, report: null };
  await reload();
}

/** Loads and draws everything that depends on the city or the language. */
async function reload(): Promise<void> {
  setLanguage(state.url.language);
  drawTexts();
  const { city } = state.url;
  [state.catalogue, state.boundarySets] = await Promise.all([api.catalogue(city), api.boundarySets(city)]);
  state.outlines = null;
  state.counts = null;
  state.isClusterListed = false;
  hideCard();
  redrawFilters();
  await startMap();
  await refresh("all");
  if (state.url.report) await openReport(state.url.report, !state.url.mapView);
}

/** Shows what the URL says after a step in the browser's history, or after its fragment was edited. */
async function showUrl(): Promise<void> {
  const before = state.url;
  state.url = parseHash(location.hash, state.config.default_jurisdiction);
  const { map, url } = state;
  if (url.city !== before.city || url.language !== before.language) return reload();
  state.isClusterListed = false;
  drawLegend(url, state.cities.length);
  redrawFilters();
  const view = url.mapView;
  if (map && view) map.jumpTo({ center: [view.lon, view.lat], zoom: view.zoom });
  if (url.report) return Promise.all([refresh("all"), openReport(url.report, false)]).then(() => undefined);
  cardsAsked++;
  hideCard();
  if (map) showSelected(map, null);
  return refresh("all");
}

/** The cities, once the service has read its data; none in an empty store. */
async function waitForCities(): Promise<api.City[]> {
  for (;;) {
    // In this order, because a service that is ready knows all its cities.
    const isReady = await api.isReady();
    const cities = await api.cities();
    if (cities.length > 0 || isReady) return cities;
    showError(t("notice.starting"));
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function addListeners(): void {
  byId<HTMLSelectElement>("city").addEventListener("change", (event) => {
    state.url.mapView = null;
    void switchCity((event.target as HTMLSelectElement).value);
  });
  byId("language").addEventListener("click", () => {
    state.url.language = state.url.language === "fr" ? "en" : "fr";
    void reload().then(offerImport);
  });
  byId("panel-toggle").addEventListener("click", () => showPanel(!isPanelOpen()));
  document.addEventListener("keydown", (event) => {
    // A dialog that is open takes the key for itself.
    if (event.key !== "Escape" || byId("card").hidden || document.querySelector("dialog[open]")) return;
    if (state.url.report) cardActions.close();
    else hotspotActions.closeCard();
  });
  byId("placeless").addEventListener("click", () => {
    changeUrl({ isPlaceless: true });
    byId("list").focus();
  });
  window.addEventListener("hashchange", () => void showUrl());
}

/** Offers to import a file where the service has no report of any city. */
async function offerImport(): Promise<void> {
  const isEmpty = (await api.isReady()) && (await api.cities()).every((city) => city.reports === 0);
  byId("offer").hidden = !isEmpty;
  if (isEmpty) drawOffer();
}

/** The page of a service that has no city: only the offer. */
function drawEmptyService(): void {
  for (const id of ["panel", "skip", "report-link", "legend"]) byId(id).hidden = true;
  byId("city").parentElement?.remove();
  drawLanguageButton(drawEmptyService);
  drawOffer();
  // Tests wait for this counter.
  document.body.dataset.idle = "1";
}

/** Loads the page again once a city is there. */
async function waitForFirstCity(): Promise<void> {
  while ((await api.cities().catch(() => [])).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  location.reload();
}

async function start(): Promise<void> {
  setCssColors();
  const config = await api.config();
  setLanguage(parseHash(location.hash, config.default_jurisdiction).language);
  const cities = await waitForCities();
  if (cities.length === 0) {
    drawEmptyService();
    return waitForFirstCity();
  }
  state = initialState(config, cities);
  state.url.city = cityOf(state).jurisdiction_id;
  addListeners();
  foldLegend();
  await reload();
  await offerImport();
}

void start().catch(() => {
  showError(t("notice.offline"));
  setTimeout(() => location.reload(), 3000);
});
