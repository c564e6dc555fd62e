// What became of a report: its state, what happened, and with which others it is dealt with.
import * as api from "./api";
import { steps } from "./card";
import { answered, photos } from "./details";
import { COLORS, paint } from "./colors";
import { byId, make } from "./dom";
import { citiesWhenReady, drawLanguage, readAddress, withQuery } from "./sheet";
import { ago, language, say, sayValue, time } from "./words";

let settings: api.Config;
let city: api.City;

const asked = (): string => decodeURIComponent(location.pathname.split("/")[2] ?? "");

const address = (id: string): string => {
  const values: Record<string, string> = { lang: language() };
  if (city.jurisdiction_id !== settings.default_jurisdiction) values.city = city.jurisdiction_id;
  return withQuery(`/suivi/${encodeURIComponent(id)}`, values);
};

function drawWords(): void {
  document.title = `${say("follow.title")} · ${city.name}`;
  byId("title").textContent = say("follow.title");
  byId("number-label").textContent = say("card.number");
  byId("go").textContent = say("follow.go");
  byId("new").textContent = say("report.title");
  drawLanguage(() => void draw());
}

/** Where it stands, in a sentence a citizen would use. */
function standing(report: api.Report, original: api.Report | null): string {
  // A duplicate stands where its original stands, unless it was closed for a reason of its own.
  const together = original && (report.status !== "closed" || report.closed_reason === "duplicate");
  if (together && original.status !== "closed") {
    return say(original.status === "in_progress" ? "follow.with.in_progress" : "follow.with.open");
  }
  const told = together ? original : report;
  return told.status === "closed" ? sayValue("follow.closed", told.closed_reason ?? "done")
    : sayValue("follow.is", told.status);
}

function card(
  feature: api.ReportFeature, history: api.Change[], incident: api.Incident, service: api.Service | undefined,
): HTMLElement[] {
  const report = feature.properties;
  const original = report.parent_service_request_id
    ? incident.features.find((one) => one.id === incident.incident_id)?.properties ?? null : null;
  const place = report.address ?? report.area;
  const when = `${time(report.requested_datetime, city.time_zone)} (${ago(report.requested_datetime)})`;
  const facts = make("dl", {},
    make("dt", {}, say("card.number")), make("dd", {}, make("code", {}, report.service_request_id)),
    make("dt", {}, say("card.requested")), make("dd", {}, when),
    ...(place ? [make("dt", {}, say("card.address")), make("dd", {}, place)] : []),
    ...answered(report, service, city.time_zone).flatMap(([question, answer]) => [make("dt", {}, question), make("dd", {}, answer)]),
    ...(original ? [make("dt", {}, say("card.parent")), make("dd", {},
      make("a", { href: address(original.service_request_id) }, original.service_request_id))] : []));
  return [
    make("p", { class: "badge" },
      make("span", { class: `dot ${report.status}`, "aria-hidden": "true" }), sayValue("one", report.status)),
    make("h2", {}, report.service_name),
    make("p", { class: "standing" }, standing(report, original)),
    ...(incident.reports > 1 ? [make("p", {}, say("follow.together", { n: incident.reports }))] : []),
    ...(report.description ? [make("blockquote", {}, report.description)] : []),
    ...photos(report),
    facts,
    steps(history, city),
  ];
}

async function draw(): Promise<void> {
  drawWords();
  const id = asked();
  const told = byId("told");
  const number = byId<HTMLInputElement>("number");
  number.value = id;
  history.replaceState(null, "", id ? address(id) : withQuery("/suivi", { lang: language() }));
  try {
    if (!id) return told.replaceChildren(make("p", {}, say("follow.ask")));
    const feature = await api.report(id, city.jurisdiction_id);
    const real = feature.properties.service_request_id;
    const [{ history: changes }, incident, { services }] = await Promise.all([
      api.history(real, city.jurisdiction_id), api.incident(real, city.jurisdiction_id),
      api.catalogue(city.jurisdiction_id),
    ]);
    const service = services.find((one) => one.service_code === feature.properties.service_code);
    told.replaceChildren(...card(feature, changes, incident, service));
  } catch (error) {
    const text = error instanceof api.Refused && error.status < 500 ? error.message : say("notice.offline");
    told.replaceChildren(make("p", { class: "warn" }, text));
  } finally {
    document.body.dataset.ready = String(Number(document.body.dataset.ready ?? 0) + 1);
  }
}

async function start(): Promise<void> {
  paint(COLORS);
  const named = readAddress();
  const [config, cities] = await Promise.all([api.config(), citiesWhenReady()]);
  settings = config;
  const wanted = named.city ?? settings.default_jurisdiction;
  city = cities.find((one) => one.jurisdiction_id === wanted) ?? cities[0];
  byId("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = byId<HTMLInputElement>("number").value.trim();
    if (!id) return;
    history.pushState(null, "", address(id));
    void draw().then(() => byId("told").focus());
  });
  window.addEventListener("popstate", () => void draw());
  await draw();
}

void start().catch(() => byId("told").replaceChildren(make("p", { class: "warn" }, say("notice.offline"))));
