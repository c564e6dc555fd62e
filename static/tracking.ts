// The tracking page (`/suivi/{id}`): the status of a report, its history, its duplicates.
import * as api from "./api";
import { type CityContext, drawLanguageButton, loadCityContext, pageUrl, trackingUrl } from "./citizen-page";
import { setCssColors } from "./colors";
import { byId, h } from "./dom";
import { formatDateTime, formatTimeAgo, t, tValue } from "./i18n";
import { answeredAttributes, historyList, photoList } from "./report-details";

let context: CityContext;

/** The report number in the URL; empty if there is none. */
const requestedId = (): string => decodeURIComponent(location.pathname.split("/")[2] ?? "");

const numberInput = (): HTMLInputElement => byId<HTMLInputElement>("number");

function drawTexts(): void {
  document.title = `${t("tracking.title")} · ${context.city.name}`;
  byId("title").textContent = t("tracking.title");
  byId("number-label").textContent = t("card.number");
  byId("number-submit").textContent = t("tracking.submit");
  byId("new-report").textContent = t("report.title");
  drawLanguageButton(() => void draw());
}

/** The status in a sentence. A duplicate has its original's status unless it was closed for another reason. */
function statusSentence(report: api.Report, original: api.Report | null): string {
  const isDuplicate = report.status !== "closed" || report.closed_reason === "duplicate";
  if (original && isDuplicate && original.status !== "closed") return t(`tracking.duplicate.${original.status}`);
  const { status, closed_reason } = original && isDuplicate ? original : report;
  return status === "closed" ? tValue("tracking.closed", closed_reason ?? "done") : t(`tracking.status.${status}`);
}

function reportSections(
  report: api.Report, history: api.HistoryEntry[], incident: api.Incident, service: api.Service | undefined,
): HTMLElement[] {
  const { city, config } = context;
  const isDuplicate = report.parent_service_request_id !== undefined;
  const original = isDuplicate
    ? incident.features.find((one) => one.id === incident.incident_id)?.properties ?? null : null;
  const facts = h("dl");
  const add = (label: string, value: Node | string): void => facts.append(h("dt", {}, label), h("dd", {}, value));
  add(t("card.number"), h("code", {}, report.service_request_id));
  add(t("card.requested"), t("time.ago", {
    time: formatDateTime(report.requested_datetime, city.time_zone), ago: formatTimeAgo(report.requested_datetime),
  }));
  const place = report.address ?? report.area;
  if (place) add(t("card.address"), place);
  for (const [question, answer] of answeredAttributes(report, service, city.time_zone)) add(question, answer);
  if (original) {
    const id = original.service_request_id;
    add(t("card.parent"), h("a", { href: trackingUrl(id, city, config) }, id));
  }
  return [
    h("p", { class: "badge" },
      h("span", { class: `dot ${report.status}`, "aria-hidden": "true" }), t(`status.${report.status}`)),
    h("h2", {}, report.service_name ?? report.service_code),
    h("p", { class: "status-sentence" }, statusSentence(report, original)),
    ...(incident.reports > 1 ? [h("p", {}, t("tracking.people", { count: incident.reports }))] : []),
    ...(report.description ? [h("blockquote", {}, report.description)] : []),
    ...photoList(report),
    facts,
    historyList(history, city),
  ];
}

async function loadReport(requested: string): Promise<HTMLElement[]> {
  const { city: { jurisdiction_id: city } } = context;
  const { properties } = await api.report(requested, city);
  // The number as the service writes it: people type it in lower case or without hyphens.
  const id = properties.service_request_id;
  const [history, incident, { services }] = await Promise.all([
    api.history(id, city), api.incident(id, city), api.catalogue(city),
  ]);
  const service = services.find((one) => one.service_code === properties.service_code);
  return reportSections(properties, history, incident, service);
}

async function draw(): Promise<void> {
  drawTexts();
  const { city, config } = context;
  const id = requestedId();
  const result = byId("result");
  numberInput().value = id;
  history.replaceState(null, "", id ? trackingUrl(id, city, config) : pageUrl("/suivi", city, config));
  try {
    result.replaceChildren(...(id ? await loadReport(id) : [h("p", {}, t("tracking.prompt"))]));
  } catch (error) {
    const isRefusal = error instanceof api.ApiError && error.status < 500;
    const text = isRefusal ? error.message : t("notice.offline");
    result.replaceChildren(h("p", { class: "warning" }, text));
  } finally {
    // Tests wait for this counter.
    document.body.dataset.ready = String(Number(document.body.dataset.ready ?? 0) + 1);
  }
}

function showWarning(text: string): void {
  byId("result").replaceChildren(h("p", { class: "warning" }, text));
}

async function start(): Promise<void> {
  setCssColors();
  context = await loadCityContext(showWarning);
  byId("number-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = numberInput().value.trim();
    if (!id) return;
    history.pushState(null, "", trackingUrl(id, context.city, context.config));
    void draw().then(() => byId("result").focus());
  });
  window.addEventListener("popstate", () => void draw());
  await draw();
}

void start().catch(() => showWarning(t("notice.offline")));
