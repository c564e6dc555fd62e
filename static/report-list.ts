// The list of reports: the same data as on the map, for keyboards and screen readers too.
import type { ReportFeature, ReportPage } from "./api";
import { button, byId, h } from "./dom";
import { formatTimeAgo, t, tValue } from "./i18n";

export interface ReportListActions {
  open(report: ReportFeature): void;
  /** Loads the next page, given its link. */
  loadMore(link: string): void;
  /** Returns from the reports of a cluster to all those in view. */
  back(): void;
}

/** A row of the list: a mark, a title above a line of text, and lines at the right. */
export function listRow(
  attributes: Record<string, string>, mark: HTMLElement, title: string, text: string, side: string[],
  onClick: () => void,
): HTMLElement {
  const content = [
    mark,
    h("span", { class: "row-main" }, h("strong", {}, title), h("span", { class: "row-text" }, text)),
    h("span", { class: "row-side" }, ...side.map((line) => h("span", {}, line))),
  ];
  return h("li", {}, button({ class: "row", ...attributes }, content, onClick));
}

function reportRow(feature: ReportFeature, actions: ReportListActions): HTMLElement {
  const report = feature.properties;
  const place = report.address ?? report.area ?? t(feature.geometry ? "card.on_map" : "card.no_location");
  const dot = h("span", { class: `dot ${report.status}`, "aria-hidden": "true" });
  const side = [formatTimeAgo(report.requested_datetime, "short"), tValue("status", report.status)];
  const attributes = { "data-id": report.service_request_id };
  return listRow(attributes, dot, report.service_name ?? report.service_code, place, side, () => actions.open(feature));
}

/** What a list of reports is about: those in view, of one cluster, or without a place. */
export type ListScope = "view" | "cluster" | "placeless";

export function drawReportList(page: ReportPage, scope: ListScope, actions: ReportListActions): void {
  const title = byId("list-title");
  title.replaceChildren(t(`list.${scope}`));
  if (scope === "cluster") title.append(button({ class: "quiet" }, [t("list.back")], actions.back));
  const rows = page.features.map((feature) => reportRow(feature, actions));
  byId("list-items").replaceChildren(...(rows.length ? rows : [h("li", { class: "none" }, t("list.none"))]));
  drawMoreButton(page.next, actions);
}

/** Appends a page to the list and moves the focus to its first row. */
export function appendReportList(page: ReportPage, actions: ReportListActions): void {
  const rows = page.features.map((feature) => reportRow(feature, actions));
  byId("list-items").append(...rows);
  rows[0]?.querySelector("button")?.focus();
  drawMoreButton(page.next, actions);
}

/** The reports of the list before and after one, and its place in it; null where it is not listed. */
export function placeInList(id: string): ListPlace | null {
  const ids = [...byId("list-items").querySelectorAll<HTMLElement>("[data-id]")].map((row) => row.dataset.id ?? "");
  const at = ids.indexOf(id);
  return at < 0 ? null : { position: at + 1, count: ids.length, previous: ids[at - 1], next: ids[at + 1] };
}

export interface ListPlace {
  position: number;
  count: number;
  previous?: string;
  next?: string;
}

function drawMoreButton(next: string | null | undefined, actions: ReportListActions): void {
  const more = byId<HTMLButtonElement>("list-more");
  more.textContent = t("list.more");
  more.hidden = !next;
  more.onclick = () => next && actions.loadMore(next);
}
