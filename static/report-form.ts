// The report form for citizens (`/signaler`): service, place, details, likely duplicates, sending.
import type { Map } from "maplibre-gl";
import * as api from "./api";
import { attributeValues, drawAttributeFields, missingAnswer } from "./attribute-fields";
import { drawLanguageButton, loadCityContext, pageUrl, trackingUrl } from "./citizen-page";
import { button, byId, h } from "./dom";
import { formatMeters, formatPercent, t } from "./i18n";
import { devicePosition, makePickerMap, mapCenter, type Place, showNearby, showPlace } from "./location-picker";
import { clearPhotos, drawPhotos, photoUrls, startPhotoUpload } from "./photo-upload";
import { searchServices } from "./service-search";

/** Services offered while the user types, at most. */
const OPTIONS_MAX = 8;
/** Pause after the last change before duplicates are searched, in milliseconds. */
const DEBOUNCE_MS = 250;
/** Likely duplicates shown, at most. */
const NEARBY_MAX = 3;
/** Accuracy in metres of a position from a photo, as phones record it. */
const PHOTO_ACCURACY = 15;
/** Accuracy in metres of typed coordinates. */
const TYPED_ACCURACY = 10;

let config: api.Config;
let cities: api.City[] = [];
let city: api.City;
let services: api.Service[] = [];
let service: api.Service | null = null;
let place: Place | null = null;
/** Null if the browser has no WebGL. */
let map: Map | null = null;
/** The likely duplicates on the page. */
let nearby: api.DuplicateFeature[] = [];
/** The services in the open list, and the index of the highlighted one or -1. */
let options: api.Service[] = [];
let activeOption = -1;
/** Sent with the report, so that sending it again creates no second one. */
let idempotencyKey = newKey();
let searchTimer: ReturnType<typeof setTimeout> | undefined;
let search = new AbortController();

const input = (id: string): HTMLInputElement => byId<HTMLInputElement>(id);
const description = (): string => byId<HTMLTextAreaElement>("description").value.trim();
const address = (): string => input("address").value.trim();
const attributes = (): api.ServiceAttribute[] => service?.attributes ?? [];

/** 128 random bits in hexadecimal (`crypto.randomUUID` needs HTTPS). */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function drawTexts(): void {
  document.title = `${t("report.title")} · ${city.name}`;
  const texts: Record<string, string> = {
    title: t("report.title"), "service-label": t("report.service"), "location-label": t("report.location"),
    "address-label": t("report.address"), "coordinates-label": t("report.coordinates"),
    "lat-label": t("field.lat"), "lon-label": t("field.lon"), "description-label": t("report.description"),
    "nearby-title": t("report.nearby"), locate: t("report.location.locate"),
    "map-center": t("report.location.map_center"), send: t("report.send"), "city-label": t("city"),
  };
  for (const [id, text] of Object.entries(texts)) byId(id).textContent = text;
  input("service").placeholder = t("report.service.example");
  drawLanguageButton(() => void reload());
  drawService();
  drawPlace();
  drawPhotos();
}

// --- Service ---------------------------------------------------------------------------------------

function drawService(): void {
  byId("service-hint").textContent = service ? (service.description || service.service_name) : "";
  drawAttributeFields(byId("attributes"), attributes());
}

/** Opens or closes the list of services. Once a service is selected the list offers all of them. */
function drawOptions(open: boolean): void {
  const text = service ? "" : input("service").value;
  options = open ? searchServices(services, text, service ? services.length : OPTIONS_MAX) : [];
  byId("options").replaceChildren(...options.map((option, index) => {
    const item = h("li", { role: "option", id: `option-${index}` },
      h("strong", {}, option.service_name), h("span", {}, option.description));
    // A press must not take the focus from the text field, which would close the list before the click.
    item.addEventListener("mousedown", (event) => event.preventDefault());
    item.addEventListener("click", () => selectService(option));
    return item;
  }));
  if (open && options.length === 0) byId("service-hint").textContent = t("report.service.none");
  const isShown = options.length > 0;
  byId("options").hidden = !isShown;
  input("service").setAttribute("aria-expanded", String(isShown));
  setActiveOption(isShown && text ? 0 : -1);
}

function setActiveOption(active: number): void {
  activeOption = active;
  byId("options").querySelectorAll("[role=option]").forEach((option, index) => {
    option.setAttribute("aria-selected", String(index === active));
    if (index === active) option.scrollIntoView({ block: "nearest" });
  });
  if (active >= 0) input("service").setAttribute("aria-activedescendant", `option-${active}`);
  else input("service").removeAttribute("aria-activedescendant");
}

function selectService(selected: api.Service): void {
  service = selected;
  input("service").value = selected.service_name;
  drawOptions(false);
  drawService();
  searchNearby();
}

function onServiceKey(event: KeyboardEvent): void {
  const isOpen = options.length > 0;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!isOpen) return drawOptions(true);
    const step = event.key === "ArrowDown" ? 1 : -1;
    setActiveOption((activeOption + step + options.length) % options.length);
  } else if (event.key === "Enter" && isOpen && activeOption >= 0) {
    event.preventDefault();
    selectService(options[activeOption]);
  } else if (event.key === "Escape" && isOpen) {
    event.preventDefault();
    drawOptions(false);
  }
}

// --- Place -----------------------------------------------------------------------------------------

function drawPlace(): void {
  byId("location-status").textContent = place
    ? t("report.location.set", { accuracy: formatMeters(Math.round(place.accuracy)) }) : t("report.location.unset");
  byId("picker").classList.toggle("placed", place !== null);
}

function setPlace(next: Place, source: "map" | "other"): void {
  place = next;
  if (source === "other" && map) showPlace(map, next);
  const format = (degrees: number): string => degrees.toFixed(6);
  if (document.activeElement !== input("lat")) input("lat").value = format(next.lat);
  if (document.activeElement !== input("lon")) input("lon").value = format(next.lon);
  drawPlace();
  searchNearby();
}

/** Takes the typed coordinates once both are there; they may have a decimal comma. */
function onCoordinates(): void {
  const [lat, lon] = ["lat", "lon"].map((id) => input(id).value.trim().replace(",", "."));
  if (!lat || !lon) return;
  const typed = { lon: Number(lon), lat: Number(lat), accuracy: TYPED_ACCURACY };
  const isValid = Math.abs(typed.lon) <= 180 && Math.abs(typed.lat) <= 90;
  showError(isValid ? null : t("report.coordinates.invalid"));
  if (isValid) setPlace(typed, "other");
}

async function onLocate(): Promise<void> {
  byId("location-status").textContent = t("report.location.locating");
  try {
    setPlace(await devicePosition(), "other");
  } catch {
    drawPlace();
    showError(t("report.location.unavailable"));
  }
}

function startMap(): void {
  byId("map").replaceChildren();
  try {
    map = makePickerMap(byId("map"), city, config.basemap, (moved) => setPlace(moved, "map"));
    map.getCanvas().setAttribute("aria-label", t("report.location.map"));
    // Tests move the map.
    (window as { pointchaudPicker?: Map }).pointchaudPicker = map;
    if (place) showPlace(map, place);
  } catch {
    map = null;
    byId("picker").hidden = true;
    byId("map-center").hidden = true;
    byId<HTMLDetailsElement>("coordinates").open = true;
  }
}

// --- Likely duplicates -----------------------------------------------------------------------------

/** Searches likely duplicates a moment after the last change of service, place or text. */
function searchNearby(): void {
  clearTimeout(searchTimer);
  search.abort();
  if (!service || !place) return drawNearby([]);
  const params: api.QueryParams = {
    jurisdiction_id: city.jurisdiction_id, service: service.service_code, limit: String(NEARBY_MAX),
    lon: String(place.lon), lat: String(place.lat), accuracy_m: String(place.accuracy),
  };
  if (description()) params.text = description();
  if (address()) params.address = address();
  search = new AbortController();
  const { signal } = search;
  searchTimer = setTimeout(() => {
    // The form works without suggestions: errors are ignored.
    api.duplicates(params, signal).then((page) => drawNearby(likely(page)), () => undefined);
  }, DEBOUNCE_MS);
}

const likely = (page: api.DuplicatePage): api.DuplicateFeature[] =>
  page.features.filter((one) => one.properties.decision !== "new");

function drawNearby(next: api.DuplicateFeature[]): void {
  const ids = (features: api.DuplicateFeature[]): string => features.map((one) => one.id).join();
  const isChanged = ids(next) !== ids(nearby);
  nearby = next;
  if (map?.isStyleLoaded()) showNearby(map, nearby);
  byId("nearby").hidden = nearby.length === 0;
  byId("candidates").replaceChildren(...nearby.map(candidateItem));
  if (!isChanged) return;
  byId("nearby-status").textContent = nearby.length ? t("report.nearby.status", { count: nearby.length }) : "";
}

function candidateItem({ properties }: api.DuplicateFeature): HTMLElement {
  const { service_request_id: id, service_code, sentence, probability } = properties;
  const name = services.find((known) => known.service_code === service_code)?.service_name ?? service_code;
  const reason = `reason-${id}`;
  const meToo: HTMLElement = button({ class: "primary", "aria-describedby": reason }, [t("report.me_too")],
    () => void send({ confirm: id }, meToo));
  return h("li", {},
    h("div", { class: "candidate" },
      h("strong", {}, name),
      h("span", { class: "reason", id: reason }, sentence),
      h("span", { class: "probability" }, t("report.probability", { percent: formatPercent(probability) }))),
    meToo);
}

// --- Sending ---------------------------------------------------------------------------------------

function showError(text: string | null): void {
  byId("error").hidden = !text;
  byId("error").textContent = text ?? "";
}

/** Shows what is missing and moves the focus there; false if nothing is missing. */
function showMissing(): boolean {
  const missing = !service ? { message: t("report.missing.service"), focusId: "service" }
    : !place ? { message: t("report.missing.location"), focusId: "locate" }
    : missingAnswer(byId("attributes"), attributes());
  showError(missing?.message ?? null);
  if (missing) byId(missing.focusId).focus();
  return missing !== null;
}

/**
 * Sends the report. `options` decides about duplicates: `dedupe: "warn"` creates the report unless
 * it has likely duplicates, `confirm: ID` adds it to that report, `confirm: "new"` creates it anyway.
 */
async function send(options: api.QueryParams, pressed: HTMLElement): Promise<void> {
  if (showMissing() || !service || !place) return;
  const { service_code } = service;
  const { lon, lat, accuracy } = place;
  const params = { jurisdiction_id: city.jurisdiction_id, accuracy_m: String(accuracy), ...options };
  pressed.setAttribute("aria-busy", "true");
  try {
    const result = await api.createReport({
      service_code, lon, lat,
      description: description() || undefined,
      address: address() || undefined,
      attributes: attributeValues(byId("attributes"), attributes()),
      media_url: await photoUrls(),
    }, params, idempotencyKey);
    if (result.created) return drawConfirmation(result.report);
    const shown = new Set(nearby.map((one) => one.id));
    const candidates = likely(result.duplicates);
    // The user has seen all of them and sent the report anyway: it is a new problem.
    if (candidates.every((one) => shown.has(one.id))) return void (await send({ confirm: "new" }, pressed));
    drawNearby(candidates.slice(0, NEARBY_MAX));
    byId("nearby").focus();
    showError(t("report.review"));
  } catch (error) {
    const isRefusal = error instanceof api.ApiError && error.status < 500;
    showError(isRefusal ? error.message : t("report.failed"));
  } finally {
    pressed.removeAttribute("aria-busy");
  }
}

function drawConfirmation({ properties }: api.ReportFeature): void {
  const { service_request_id: id, parent_service_request_id: parent } = properties;
  const confirmation = byId("confirmation");
  confirmation.replaceChildren(
    h("p", { class: "check-mark", "aria-hidden": "true" }, "✓"),
    h("h1", {}, t(parent ? "report.joined" : "report.sent")),
    h("p", {}, properties.service_name ?? properties.service_code),
    h("p", { class: "tracking-number" }, t("card.number"), h("code", {}, id)),
    h("p", {}, parent ? t("report.joined.next", { id: parent }) : t("report.sent.next")),
    h("p", {}, h("a", { class: "primary", href: trackingUrl(id, city, config) }, t("report.track"))),
    button({ class: "wide" }, [t("report.another")], resetForm),
  );
  byId("form").hidden = true;
  confirmation.hidden = false;
  confirmation.focus();
  scrollTo(0, 0);
}

/** Empties the form for another report. */
function resetForm(): void {
  idempotencyKey = newKey();
  service = null;
  place = null;
  for (const id of ["service", "address", "lat", "lon"]) input(id).value = "";
  byId<HTMLTextAreaElement>("description").value = "";
  byId("attributes").replaceChildren();
  clearPhotos();
  drawNearby([]);
  showError(null);
  byId("confirmation").hidden = true;
  byId("form").hidden = false;
  drawService();
  drawPlace();
  input("service").focus();
}

// --- Start -----------------------------------------------------------------------------------------

/** Loads and draws everything that depends on the city or the language. */
async function reload(): Promise<void> {
  history.replaceState(null, "", pageUrl(location.pathname, city, config));
  services = (await api.catalogue(city.jurisdiction_id)).services;
  service = services.find((one) => one.service_code === service?.service_code) ?? null;
  if (service) input("service").value = service.service_name;
  drawTexts();
  map?.remove();
  startMap();
  if (!byId("confirmation").hidden) resetForm();
  // Tests wait for this counter.
  document.body.dataset.ready = String(Number(document.body.dataset.ready ?? 0) + 1);
}

function startCitySelect(): void {
  const select = byId<HTMLSelectElement>("city");
  select.replaceChildren(...cities.map((one) => h("option", { value: one.jurisdiction_id }, one.name)));
  select.value = city.jurisdiction_id;
  select.closest("label")!.hidden = cities.length < 2;
  select.addEventListener("change", () => {
    city = cities.find((one) => one.jurisdiction_id === select.value) ?? city;
    place = null;
    void reload();
  });
}

function startServiceInput(): void {
  const field = input("service");
  field.addEventListener("input", () => {
    service = null;
    drawService();
    drawOptions(field.value.trim() !== "");
    searchNearby();
  });
  field.addEventListener("keydown", onServiceKey);
  field.addEventListener("blur", () => drawOptions(false));
  field.addEventListener("focus", () => field.select());
}

async function start(): Promise<void> {
  ({ config, cities, city } = await loadCityContext(showError));
  startCitySelect();
  startServiceInput();
  byId("locate").addEventListener("click", () => void onLocate());
  byId("map-center").addEventListener("click", () => map && setPlace(mapCenter(map), "map"));
  for (const id of ["lat", "lon"]) input(id).addEventListener("change", onCoordinates);
  for (const id of ["description", "address"]) byId(id).addEventListener("input", searchNearby);
  startPhotoUpload((position) => {
    // A place that the user chose is better than the camera's.
    if (!place) setPlace({ ...position, accuracy: PHOTO_ACCURACY }, "other");
  });
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    void send({ dedupe: "warn" }, byId("send"));
  });
  await reload();
}

void start().catch(() => showError(t("notice.offline")));
