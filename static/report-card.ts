// The card of a report on the map page.
import type { City, HistoryEntry, ReportFeature, Service } from "./api";
import { button, byId, h } from "./dom";
import { formatDateTime, formatTimeAgo, type MessageKey, t, tValue } from "./i18n";
import type { ListPlace } from "./report-list";
import { answeredAttributes, historyList, photoList } from "./report-details";

export interface ReportCardActions {
  close(): void;
  openReport(id: string): void;
}

/** The button in the corner of a card. */
export const closeButton = (onClick: () => void): HTMLElement =>
  button({ class: "close", "aria-label": t("card.close") }, ["×"], onClick);

function facts(
  feature: ReportFeature, city: City, service: Service | undefined, actions: ReportCardActions,
): HTMLElement {
  const report = feature.properties;
  const list = h("dl");
  const add = (label: MessageKey, value: Node | string | undefined | null): void => {
    if (value) list.append(h("dt", {}, t(label)), h("dd", {}, value));
  };
  const requested = formatDateTime(report.requested_datetime, city.time_zone);
  add("card.number", h("code", {}, report.service_request_id));
  const { address, area } = report;
  const place = [address, address?.includes(area ?? "") ? null : area].filter(Boolean).join(", ");
  add("card.address", place || (feature.geometry ? null : t("card.no_location")));
  add("card.requested", t("time.ago", { time: requested, ago: formatTimeAgo(report.requested_datetime) }));
  if (report.closed_datetime) add("card.closed", formatDateTime(report.closed_datetime, city.time_zone));
  add("card.channel", tValue("channel", report.channel));
  add("card.nature", tValue("nature", report.nature));
  for (const [question, answer] of answeredAttributes(report, service, city.time_zone)) {
    list.append(h("dt", {}, question), h("dd", {}, answer));
  }
  add("card.source_status", report.source_status);
  add("card.assignee", report.assignee);
  const parent = report.parent_service_request_id;
  if (parent) add("card.parent", button({ class: "link" }, [parent], () => actions.openReport(parent)));
  return list;
}

/** Buttons to the reports before and after this one in the list. */
function walkButtons(place: ListPlace | null, actions: ReportCardActions): HTMLElement[] {
  if (!place || place.count < 2) return [];
  const step = (key: "card.previous" | "card.next", id: string | undefined): HTMLElement => {
    const open = (): void => (id ? actions.openReport(id) : undefined);
    return button({ class: "small", "data-focus": key, disabled: !id }, [t(key)], open);
  };
  const text = t("card.position", { position: place.position, count: place.count });
  return [h("nav", { class: "walk", "aria-label": t("list.walk") },
    step("card.previous", place.previous), h("span", {}, text), step("card.next", place.next))];
}

export function drawReportCard(
  feature: ReportFeature, history: HistoryEntry[], city: City, service: Service | undefined,
  place: ListPlace | null, actions: ReportCardActions,
): void {
  const report = feature.properties;
  const status = tValue("status", report.status);
  const reason = report.closed_reason ? ` · ${tValue("closed_reason", report.closed_reason)}` : "";
  const name = report.service_name ?? report.service_code;
  const card = byId("card");
  const walked = card.contains(document.activeElement)
    ? (document.activeElement as HTMLElement).dataset.focus : undefined;
  card.replaceChildren(
    closeButton(actions.close),
    h("p", { class: "badge" }, h("span", { class: `dot ${report.status}`, "aria-hidden": "true" }), status + reason),
    h("h2", {}, name),
    ...(report.description ? [h("blockquote", {}, report.description)] : []),
    ...photoList(report),
    facts(feature, city, service, actions),
    ...(report.accuracy === "approximate" ? [h("p", { class: "warning" }, t("card.approximate"))] : []),
    historyList(history, city),
    ...walkButtons(place, actions),
  );
  card.setAttribute("aria-label", name);
  card.hidden = false;
  // Whoever walks through the list by keyboard keeps the focus on the same button.
  const button = walked && card.querySelector<HTMLButtonElement>(`[data-focus="${walked}"]:not([disabled])`);
  if (button) byId("announce").textContent = `${name}, ${card.querySelector(".walk span")?.textContent}`;
  (button || card).focus({ preventScroll: false });
}

/** The card of a report that does not exist. */
export function drawMissingCard(onClose: () => void): void {
  const card = byId("card");
  card.replaceChildren(closeButton(onClose), h("p", {}, t("card.missing")));
  card.hidden = false;
}

export function hideCard(): void {
  byId("card").hidden = true;
  byId("card").replaceChildren();
}
