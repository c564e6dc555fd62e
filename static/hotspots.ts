// The list of hotspots and alerts, and the card of a hotspot.
import type { AlertFeature, HotspotEvent, HotspotFeature, HotspotPage } from "./api";
import { button, byId, h } from "./dom";
import { formatDateTime, formatNumber, type MessageKey, t, tValue } from "./i18n";
import { closeButton } from "./report-card";
import { listRow } from "./report-list";

export interface HotspotActions {
  openHotspot(id: number): void;
  openReport(id: string): void;
  /** Fits the map to a feature. */
  showOnMap(feature: GeoJSON.Feature): void;
  closeCard(): void;
}

/** Fills the list with rows, or with the text `none` if there are none. */
export function drawRows(title: MessageKey, rows: HTMLElement[], none: string): void {
  byId("list-title").replaceChildren(t(title));
  byId("list-items").replaceChildren(...(rows.length ? rows : [h("li", { class: "none" }, none)]));
  byId("list-more").hidden = true;
}

/** An explanation without the service name that starts it, since the row's title has it. */
const withoutName = (name: string, explanation: string): string =>
  explanation.startsWith(name) ? explanation.slice(name.length).replace(/^\s*:\s*/, "") : explanation;

function alertRow(alert: AlertFeature, actions: HotspotActions): HTMLElement {
  const { service_name: name, explanation, count, level } = alert.properties;
  const mark = h("span", { class: `rank ${level}`, "aria-hidden": "true" }, "!");
  return listRow({}, mark, `${t(`alert.${level}`)} · ${name}`, withoutName(name, explanation),
    [formatNumber(count)], () => actions.showOnMap(alert));
}

function hotspotRow(hotspot: HotspotFeature, actions: HotspotActions): HTMLElement {
  const { hotspot_id: id, rank, service_name: name = "", explanation = "", count, trend } = hotspot.properties;
  const mark = h("span", { class: "rank" }, String(rank));
  const side = [formatNumber(count), ...(trend ? [tValue("trend", trend)] : [])];
  return listRow({ "data-hotspot": String(id) }, mark, name, withoutName(name, explanation), side,
    () => actions.openHotspot(id));
}

/** Alerts first, then hotspots by rank. */
export function drawHotspotList(page: HotspotPage, alerts: AlertFeature[], actions: HotspotActions): void {
  const rows = [
    ...alerts.map((alert) => alertRow(alert, actions)),
    ...page.features.map((hotspot) => hotspotRow(hotspot, actions)),
  ];
  drawRows("hotspots.list", rows, page.statistic.reason ?? t("hotspots.none"));
}

/** The life of a hotspot: when it appeared, grew, shrank, split, merged, ended. */
function lifecycleList(events: HotspotEvent[], timeZone: string): HTMLElement {
  const items = events.map(({ at, event: kind, other_hotspot_id: other, count }) => {
    const event = t(`lifecycle.${kind}` as MessageKey, { other: String(other ?? "") });
    const text = count ? t("lifecycle.size", { event, size: t("count.reports", { count }) }) : event;
    return h("li", {}, h("span", { class: "time" }, formatDateTime(at, timeZone)), text);
  });
  return h("section", {}, h("h3", {}, t("card.history")), h("ol", { class: "history" }, ...items));
}

const PRIORITY_PARTS = ["excess", "open", "age", "trend", "severity"] as const;

/** Reports of a hotspot that its card links to, at most. */
const MEMBERS_MAX = 12;

/** Ids from here on belong to hotspots of a single request; they are not stored and have no name. */
const FIRST_UNSTORED_ID = 1e9;

export function drawHotspotCard(hotspot: HotspotFeature, timeZone: string, actions: HotspotActions): void {
  const { hotspot_id: id, priority, priority_parts: parts, ...properties } = hotspot.properties;
  const facts = h("dl");
  const add = (label: MessageKey, value: string): void =>
    facts.append(h("dt", {}, t(label)), h("dd", {}, value));
  if (priority !== undefined && parts) {
    add("hotspot.priority", t("priority.score", { score: Math.round(priority) }));
    add("hotspot.breakdown", PRIORITY_PARTS.map((part) =>
      `${t(`priority.${part}`)} ${formatNumber(Math.round(parts[part]))}`).join(" · "));
  }
  const members = (properties.service_request_ids ?? []).slice(0, MEMBERS_MAX).map((report) =>
    h("li", {}, button({ class: "link" }, [report], () => actions.openReport(report))));
  const title = id < FIRST_UNSTORED_ID ? t("hotspot.numbered", { id: String(id) }) : t("hotspot");
  const card = byId("card");
  card.replaceChildren(closeButton(actions.closeCard),
    h("p", { class: "badge" }, title),
    h("h2", {}, properties.service_name ?? ""),
    h("p", {}, properties.explanation ?? t("hotspot.ended")),
    facts,
    ...(members.length ? [h("section", {}, h("h3", {}, t("hotspot.members")), h("ul", { class: "links" }, ...members))] : []),
    lifecycleList(properties.history ?? [], timeZone));
  card.setAttribute("aria-label", title);
  card.hidden = false;
  card.focus({ preventScroll: false });
}
