// The citizen's form: what, where, is it one of these, sent.
import type { Map } from "maplibre-gl";
import * as api from "./api";
import { byId, make } from "./dom";
import { clearPhotos, drawPhotos, photoUrls, startPhotos } from "./photos";
import { locate, middle, type Place, placeMap, show, showNear } from "./place";
import { answers, drawQuestions, unanswered } from "./questions";
import { search } from "./search";
import { citiesWhenReady, drawLanguage, readAddress, remember, withQuery } from "./sheet";
import { language, say } from "./words";

const OPTIONS = 8;
const WAIT = 250;
/** How far off a telephone's photo may say it was taken, in metres. */
const PHOTO_ACCURACY = 15;

let settings: api.Config;
let cities: api.City[] = [];
let city: api.City;
let services: api.Service[] = [];
let service: api.Service | null = null;
let place: Place | null = null;
let map: Map | null = null;
let found: api.DuplicateFeature[] = [];
let options: api.Service[] = [];
let active = -1;
let key = newKey();
let asking: ReturnType<typeof setTimeout> | undefined;
let asked = new AbortController();

const input = (id: string): HTMLInputElement => byId<HTMLInputElement>(id);

/** A key of this report: sending it again makes no second one. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function drawWords(): void {
  document.title = `${say("report.title")} · ${city.name}`;
  byId("title").textContent = say("report.title");
  const words: Record<string, string> = {
    "what-label": say("report.what"), "where-label": say("report.where"), "address-label": say("report.address"),
    "exact-label": say("report.exact"), "lat-label": say("field.lat"), "lon-label": say("field.lon"),
    "text-label": say("report.text"), "near-title": say("report.near"), locate: say("report.locate"),
    here: say("report.here"), send: say("report.send"), "city-label": say("city"),
  };
  for (const [id, text] of Object.entries(words)) byId(id).textContent = text;
  input("what").placeholder = say("report.example");
  drawLanguage(() => void enter());
  drawService();
  drawPlace();
  drawPhotos();
}

// --- What ------------------------------------------------------------------------------------------

function drawService(): void {
  byId("what-said").textContent = service ? (service.description || service.service_name) : "";
  drawQuestions(byId("questions"), questions());
}

const questions = (): api.Question[] => service?.attributes ?? [];

function drawOptions(open: boolean): void {
  options = open ? search(services, service ? "" : input("what").value, service ? services.length : OPTIONS) : [];
  active = options.length > 0 && input("what").value && !service ? 0 : -1;
  byId("options").replaceChildren(...options.map((one, n) => {
    const option = make("li", { role: "option", id: `option-${n}`, "aria-selected": String(n === active) },
      make("strong", {}, one.service_name), make("span", {}, one.description ?? ""));
    option.addEventListener("mousedown", (event) => event.preventDefault());
    option.addEventListener("click", () => choose(one));
    return option;
  }));
  if (open && options.length === 0) byId("what-said").textContent = say("report.none");
  const shown = options.length > 0;
  byId("options").hidden = !shown;
  input("what").setAttribute("aria-expanded", String(shown));
  point(active);
}

function point(at: number): void {
  active = at;
  byId("options").querySelectorAll("[role=option]").forEach((option, n) => {
    option.setAttribute("aria-selected", String(n === active));
    if (n === active) option.scrollIntoView({ block: "nearest" });
  });
  const what = input("what");
  if (active >= 0) what.setAttribute("aria-activedescendant", `option-${active}`);
  else what.removeAttribute("aria-activedescendant");
}

function choose(chosen: api.Service): void {
  service = chosen;
  input("what").value = chosen.service_name;
  drawOptions(false);
  drawService();
  lookAround();
}

function onWhatKey(event: KeyboardEvent): void {
  const open = options.length > 0;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!open) return drawOptions(true);
    const step = event.key === "ArrowDown" ? 1 : -1;
    point((active + step + options.length) % options.length);
  } else if (event.key === "Enter" && open && active >= 0) {
    event.preventDefault();
    choose(options[active]);
  } else if (event.key === "Escape" && open) {
    event.preventDefault();
    drawOptions(false);
  }
}

// --- Where -----------------------------------------------------------------------------------------

function drawPlace(): void {
  byId("where-said").textContent = place
    ? say("report.placed", { accuracy: Math.round(place.accuracy) }) : say("report.unplaced");
  byId("place-box").classList.toggle("placed", place !== null);
}

function setPlace(next: Place, from: "map" | "elsewhere"): void {
  place = next;
  if (from === "elsewhere" && map) show(map, next);
  const round = (value: number): string => value.toFixed(6);
  if (document.activeElement !== input("lat")) input("lat").value = round(next.lat);
  if (document.activeElement !== input("lon")) input("lon").value = round(next.lon);
  drawPlace();
  lookAround();
}

/** Both coordinates as they were typed; a comma is as good as a point. */
function typedPlace(): void {
  const [lat, lon] = ["lat", "lon"].map((id) => input(id).value.trim().replace(",", "."));
  if (!lat || !lon) return;
  const at = { lon: Number(lon), lat: Number(lat), accuracy: 10 };
  const holds = Math.abs(at.lon) <= 180 && Math.abs(at.lat) <= 90;
  trouble(holds ? null : say("report.coordinates"));
  if (holds) setPlace(at, "elsewhere");
}

async function useDevice(): Promise<void> {
  byId("where-said").textContent = say("report.locating");
  try {
    setPlace(await locate(), "elsewhere");
  } catch {
    drawPlace();
    trouble(say("report.unlocated"));
  }
}

function startMap(): void {
  byId("map").replaceChildren();
  try {
    map = placeMap(byId("map"), city, settings.basemap, (at) => setPlace(at, "map"));
    map.getCanvas().setAttribute("aria-label", say("report.map"));
    (window as { pointchaudPlace?: Map }).pointchaudPlace = map;
    if (place) show(map, place);
  } catch {
    map = null;
    byId("place-box").hidden = true;
    byId("here").hidden = true;
    byId<HTMLDetailsElement>("exact").open = true;
  }
}

// --- Is it one of these? ---------------------------------------------------------------------------

/** Asks what is reported there already, a moment after the last change. */
function lookAround(): void {
  clearTimeout(asking);
  asked.abort();
  if (!service || !place) return drawNear([]);
  const params = nearby();
  const { signal } = (asked = new AbortController());
  asking = setTimeout(() => {
    api.duplicates(params, signal).then(
      (answer) => drawNear(answer.features.filter((one) => one.properties.decision !== "new")),
      () => undefined,
    );
  }, WAIT);
}

function nearby(): api.Params {
  const params: api.Params = {
    jurisdiction_id: city.jurisdiction_id, service: service?.service_code ?? "", limit: "3",
    lon: String(place?.lon), lat: String(place?.lat), accuracy_m: String(place?.accuracy ?? 10),
  };
  if (byId<HTMLTextAreaElement>("text").value.trim()) params.text = byId<HTMLTextAreaElement>("text").value.trim();
  if (input("address").value.trim()) params.address = input("address").value.trim();
  return params;
}

function drawNear(next: api.DuplicateFeature[]): void {
  const before = found.map((one) => one.id).join();
  found = next;
  if (map?.isStyleLoaded()) showNear(map, found);
  byId("near").hidden = found.length === 0;
  byId("candidates").replaceChildren(...found.map(candidate));
  if (found.map((one) => one.id).join() === before) return;
  byId("near-told").textContent = found.length ? say("report.near.told", { n: found.length }) : "";
}

function candidate(one: api.DuplicateFeature): HTMLElement {
  const { service_request_id: id, service_code, sentence, probability } = one.properties;
  const name = services.find((known) => known.service_code === service_code)?.service_name ?? service_code;
  const same = make("button", { type: "button", class: "main", "aria-describedby": `why-${id}` }, say("report.same"));
  same.addEventListener("click", () => void send({ confirm: id }, same));
  return make("li", {},
    make("div", { class: "what" },
      make("strong", {}, name),
      make("span", { class: "why", id: `why-${id}` }, sentence),
      make("span", { class: "sure" }, say("report.sure", { n: Math.round(probability * 100) }))),
    same);
}

// --- Sent ------------------------------------------------------------------------------------------

function trouble(text: string | null): void {
  byId("trouble").hidden = !text;
  byId("trouble").textContent = text ?? "";
}

/** What is missing is said, and the keyboard goes there. */
function missing(): boolean {
  const lacks = !service ? { text: say("report.missing.what"), id: "what" }
    : !place ? { text: say("report.missing.where"), id: "locate" }
    : unanswered(byId("questions"), questions());
  trouble(lacks?.text ?? null);
  if (lacks) byId(lacks.id).focus();
  return lacks !== null;
}

async function send(query: api.Params, button: HTMLElement): Promise<void> {
  if (missing() || !service || !place) return;
  const { service_code } = service;
  const { lon, lat, accuracy } = place;
  const params = { jurisdiction_id: city.jurisdiction_id, accuracy_m: String(accuracy), ...query };
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await api.file({
      service_code, lon, lat,
      description: byId<HTMLTextAreaElement>("text").value.trim() || null,
      address: input("address").value.trim() || null,
      attributes: answers(byId("questions"), questions()),
      media_url: await photoUrls(),
    }, params, key);
    if (answer.created) return drawDone(answer.report);
    const shown = new Set(found.map((one) => one.id));
    const all = answer.found.features.filter((one) => one.properties.decision !== "new");
    // Whoever has seen them and sends all the same has chosen.
    if (all.every((one) => shown.has(one.id))) return void (await send({ confirm: "new" }, button));
    drawNear(all.slice(0, 3));
    byId("near").focus();
    trouble(say("report.look"));
  } catch (error) {
    trouble(error instanceof api.Refused && error.status < 500 ? error.message : say("report.failed"));
  } finally {
    button.removeAttribute("aria-busy");
  }
}

function drawDone(report: api.ReportFeature): void {
  const { service_request_id: id, parent_service_request_id: parent, service_name } = report.properties;
  const values: Record<string, string> = { lang: language() };
  if (city.jurisdiction_id !== settings.default_jurisdiction) values.city = city.jurisdiction_id;
  const again = make("button", { type: "button", class: "wide" }, say("report.again"));
  again.addEventListener("click", startAnew);
  const done = byId("done");
  done.replaceChildren(
    make("p", { class: "big", "aria-hidden": "true" }, "✓"),
    make("h1", {}, say(parent ? "report.joined" : "report.sent")),
    make("p", {}, service_name),
    make("p", { class: "tracking" }, say("card.number"), make("code", {}, id)),
    make("p", {}, parent ? say("report.joined.why", { id: parent }) : say("report.sent.why")),
    make("p", {}, make("a", { class: "main", href: withQuery(`/suivi/${encodeURIComponent(id)}`, values) }, say("report.follow"))),
    again,
  );
  byId("form").hidden = true;
  done.hidden = false;
  done.focus();
  scrollTo(0, 0);
}

function startAnew(): void {
  key = newKey();
  service = null;
  place = null;
  for (const id of ["what", "address", "lat", "lon"]) input(id).value = "";
  byId<HTMLTextAreaElement>("text").value = "";
  byId("questions").replaceChildren();
  clearPhotos();
  drawNear([]);
  trouble(null);
  byId("done").hidden = true;
  byId("form").hidden = false;
  drawService();
  drawPlace();
  input("what").focus();
}

// --- Wiring ----------------------------------------------------------------------------------------

/** Everything that depends on the city or the language. */
async function enter(): Promise<void> {
  remember(city.jurisdiction_id, settings.default_jurisdiction);
  services = (await api.catalogue(city.jurisdiction_id)).services;
  service = services.find((one) => one.service_code === service?.service_code) ?? null;
  if (service) input("what").value = service.service_name;
  drawWords();
  map?.remove();
  startMap();
  if (!byId("done").hidden) startAnew();
  document.body.dataset.ready = String(Number(document.body.dataset.ready ?? 0) + 1);
}

async function start(): Promise<void> {
  const named = readAddress();
  [settings, cities] = await Promise.all([api.config(), citiesWhenReady()]);
  const wanted = named.city ?? settings.default_jurisdiction;
  city = cities.find((one) => one.jurisdiction_id === wanted) ?? cities[0];
  const select = byId<HTMLSelectElement>("city");
  select.replaceChildren(...cities.map((one) => make("option", { value: one.jurisdiction_id }, one.name)));
  select.value = city.jurisdiction_id;
  select.closest("label")!.hidden = cities.length < 2;
  select.addEventListener("change", () => {
    city = cities.find((one) => one.jurisdiction_id === select.value) ?? city;
    place = null;
    void enter();
  });
  const what = input("what");
  what.addEventListener("input", () => {
    service = null;
    drawService();
    drawOptions(what.value.trim() !== "");
    lookAround();
  });
  what.addEventListener("keydown", onWhatKey);
  what.addEventListener("blur", () => drawOptions(false));
  what.addEventListener("focus", () => what.select());
  byId("locate").addEventListener("click", () => void useDevice());
  byId("here").addEventListener("click", () => map && setPlace(middle(map), "map"));
  for (const id of ["lat", "lon"]) input(id).addEventListener("change", typedPlace);
  for (const id of ["text", "address"]) byId(id).addEventListener("input", lookAround);
  startPhotos((at) => {
    // A place that was chosen is better known than the camera's.
    if (!place) setPlace({ ...at, accuracy: PHOTO_ACCURACY }, "elsewhere");
  });
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    void send({ dedupe: "warn" }, byId("send"));
  });
  await enter();
}

void start().catch(() => trouble(say("notice.offline")));
