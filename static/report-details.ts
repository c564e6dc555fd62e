// Parts of a report that the map page and the tracking page both show: answers, photos, history.
import type { AttributeValues, City, HistoryEntry, Report, Service } from "./api";
import { h } from "./dom";
import { formatDateTime, t, tValue } from "./i18n";

/** Pairs of question and answer; their codes where the service no longer has the question or value. */
export function answeredAttributes(
  report: Report, service: Service | undefined, timeZone: string,
): [question: string, answer: string][] {
  return Object.entries((report.attributes ?? {}) as AttributeValues).map(([code, given]) => {
    const attribute = service?.attributes.find((one) => one.code === code);
    const text = (value: string): string => attribute?.datatype === "datetime" ? formatDateTime(value, timeZone)
      : attribute?.values.find((one) => one.key === value)?.name ?? value;
    return [attribute?.description ?? code, [given].flat().map(text).join(", ")];
  });
}

/** Thumbnails that link to the photos; photos on other servers are links without a thumbnail. */
export function photoList(report: Report): HTMLElement[] {
  const urls = report.media_url ?? [];
  if (urls.length === 0) return [];
  return [h("ul", { class: "photos" }, ...urls.map((url, index) => {
    const title = t("card.photo", { number: index + 1 });
    const isOurs = url.startsWith("/media/");
    const content = isOurs ? h("img", { src: url.replace(/\.jpg$/, "-320.jpg"), alt: title, loading: "lazy" }) : title;
    return h("li", {}, h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, content));
  }))];
}

/** A field's value in words. */
function fieldValue(field: string, value: string | null): string {
  if (value === null) return "–";
  return field === "status" || field === "closed_reason" ? tValue(field, value) : value;
}

/** The history of a report, oldest entry first. */
export function historyList(history: HistoryEntry[], city: City): HTMLElement {
  const entries = history.map((entry) => {
    const changes = (entry.fields ?? []).map(({ field, before, after }) => t("label.value", {
      label: tValue("field", field), value: `${fieldValue(field, before)} → ${fieldValue(field, after)}`,
    }));
    const text = entry.event === "created" ? t("card.created") : changes.join(t("list.separator"));
    return h("li", {}, h("span", { class: "time" }, formatDateTime(entry.at, city.time_zone)), text);
  });
  return h("section", {}, h("h3", {}, t("card.history")), h("ol", { class: "history" }, ...entries));
}
