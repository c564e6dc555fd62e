// The review page (`/revision`): texts and photos that the public does not see before a person has
// read them, one report at a time, with the buttons that decide and a key for each.
import * as api from "./api";
import { type CityContext, drawLanguageButton, loadCityContext, pageUrl } from "./citizen-page";
import { setCssColors } from "./colors";
import { drawCrewButton, logInForm } from "./crew";
import { button, byId, h } from "./dom";
import { formatDateTime, t, tValue } from "./i18n";

const CHOICES = ["publish", "redact", "keep_back"] as const;
type Choice = (typeof CHOICES)[number];

let context: CityContext;
/** Reports that wait and are not decided yet. */
let waiting: api.HeldReport[] = [];
/** Words of the present report that the person wants to hide besides those that were found. */
let hidden: string[] = [];

function showProblem(text: string): void {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

/** A text with its personal words marked, each with its kind. */
function marked({ text, spans }: api.HeldReport["texts"][number]): HTMLElement {
  // The service counts code points.
  const signs = [...text];
  const parts: (Node | string)[] = [];
  let at = 0;
  for (const { start, end, kind } of spans) {
    parts.push(signs.slice(at, start).join(""));
    parts.push(h("mark", { title: tValue("personal", kind) }, signs.slice(start, end).join("")));
    at = end;
  }
  return h("blockquote", {}, ...parts, signs.slice(at).join(""));
}

function hideSelection(report: api.HeldReport): void {
  const words = getSelection()?.toString().trim() ?? "";
  if (!words || !report.texts.some(({ text }) => text.includes(words))) {
    showProblem(t("review.select_first"));
    return;
  }
  showProblem("");
  if (!hidden.includes(words)) hidden.push(words);
  drawReport();
}

/** The buttons of the decisions; each says its key. */
function decisions(report: api.HeldReport): HTMLElement {
  const choices = CHOICES.map((choice, n) =>
    button({ class: choice === "redact" ? "primary" : "wide", id: `choose-${choice}`, "aria-keyshortcuts": `Alt+${n + 1}` },
      [`${t(`review.${choice}`)} (Alt+${n + 1})`], () => void decide(report, choice)));
  return h("div", { class: "actions" }, ...choices);
}

function drawReport(): void {
  const [report] = waiting;
  if (!report) {
    byId("held").replaceChildren(h("p", {}, t("review.nothing")));
    return;
  }
  const { service_request_id: id, requested_datetime: at, texts, photos } = report;
  byId("held").replaceChildren(
    h("h2", {}, h("a", { href: pageUrl(`/suivi/${encodeURIComponent(id)}`, context.city, context.config) }, id)),
    h("p", { class: "hint" }, `${report.service_code} · ${formatDateTime(at, context.city.time_zone)}`),
    ...texts.flatMap((text) => [h("h3", {}, tValue("review.field", text.field)), marked(text)]),
    ...photos.filter((photo) => photo.startsWith("/media/")).map((photo) => h("img", { src: photo, alt: t("review.photo") })),
    h("p", {}, hidden.length === 0 ? "" : t("review.hidden", { words: hidden.join(" · ") })),
    button({ class: "wide" }, [t("review.hide")], () => hideSelection(report)),
    decisions(report),
    h("p", { class: "hint", role: "status" }, t("review.left", { count: waiting.length })),
  );
}

async function decide(report: api.HeldReport, decision: Choice): Promise<void> {
  const body = { decision, revision: report.revision, ...(decision === "redact" && hidden.length > 0 ? { hide: hidden } : {}) };
  try {
    await api.review(report.service_request_id, body, context.city.jurisdiction_id);
    showProblem("");
  } catch (error) {
    showProblem(error instanceof api.ApiError ? error.message : t("notice.offline"));
    // It has changed, or somebody else decided: what waits is read again.
    if (!(error instanceof api.ApiError && [404, 409, 412].includes(error.status))) return;
    return load();
  }
  waiting.shift();
  hidden = [];
  if (waiting.length === 0) await load();
  else drawReport();
  byId("held").focus();
}

/** Asks for the key of somebody who may decide. */
function askForKey(): void {
  const box = byId("key-form");
  box.hidden = false;
  box.replaceChildren(h("p", {}, t("review.key")), logInForm(() => {
    box.hidden = true;
    logged();
  }));
  byId("held").replaceChildren();
}

/** After somebody logged in or out. */
function logged(): void {
  void drawCrewButton(logged);
  void load();
}

async function load(): Promise<void> {
  try {
    waiting = (await api.held(context.city.jurisdiction_id)).reports;
    hidden = [];
    drawReport();
  } catch (error) {
    if (error instanceof api.ApiError && [401, 403].includes(error.status)) askForKey();
    showProblem(error instanceof api.ApiError ? error.message : t("notice.offline"));
  }
  document.body.dataset.ready = "true";
}

function onKey(event: KeyboardEvent): void {
  const choice = CHOICES[Number(event.code.replace("Digit", "")) - 1];
  if (!event.altKey || event.ctrlKey || event.metaKey || !choice || !waiting[0]) return;
  event.preventDefault();
  void decide(waiting[0], choice);
}

function draw(): void {
  document.title = `${t("review.title")} · pointchaud`;
  byId("title").textContent = t("review.title");
  byId("intro").textContent = t("review.intro");
  drawLanguageButton(() => {
    history.replaceState(null, "", pageUrl(location.pathname, context.city, context.config));
    draw();
    drawReport();
  });
}

async function start(): Promise<void> {
  setCssColors();
  context = await loadCityContext(showProblem);
  draw();
  document.addEventListener("keydown", onKey);
  void drawCrewButton(logged);
  await load();
}

void start().catch(() => showProblem(t("notice.offline")));
