// The filter panel: layer, period, status, counting, services, each with its number of reports. The list
// comes first on the page, so the panel is folded until it is asked for.
import type { Catalogue, StatsOf, Status } from "./api";
import { button, byId, h, svg } from "./dom";
import { formatDateRange, formatNumber, t } from "./i18n";
import { LAYERS, PERIODS, STATUSES, type UrlState } from "./url-state";

/**
 * The counts beside the filters. Those of a filter are taken without its own condition: they say
 * how many reports each of its values would select.
 */
export interface FilterCounts {
  byStatus: StatsOf<"status">;
  byService: StatsOf<"service">;
  byDay: StatsOf<"day">;
}

type OnChange = (change: Partial<UrlState>) => void;

/** A button that is pressed or not; `key` names it for `keepingFocus`. */
function chip(key: string, label: string, pressed: boolean, count: number | null, onClick: () => void): HTMLElement {
  const content = count === null ? [label] : [label, h("span", { class: "count" }, formatNumber(count))];
  return button({ class: "chip", "data-focus": key, "aria-pressed": String(pressed) }, content, onClick);
}

function drawLayers(url: UrlState, onChange: OnChange): void {
  const box = byId("layer");
  box.setAttribute("aria-label", t("layer"));
  box.replaceChildren(...LAYERS.map((layer) =>
    chip(`layer-${layer}`, t(`layer.${layer}`), url.layer === layer, null, () => onChange({ layer }))));
}

function drawPeriods(url: UrlState, onChange: OnChange): void {
  const box = byId("period");
  box.setAttribute("aria-label", t("period"));
  // Hotspots need a period: the API takes 30 days if none is selected.
  const isHotspots = url.layer === "hotspots";
  const selected = isHotspots && url.period === "all" ? "30" : url.period;
  const periods = PERIODS.filter((period) => !isHotspots || period !== "all");
  box.replaceChildren(...periods.map((period) =>
    chip(`period-${period}`, t(`period.${period}`), selected === period, null, () => onChange({ period }))));
}

function drawStatuses(url: UrlState, counts: StatsOf<"status"> | null, onChange: OnChange): void {
  const box = byId("status");
  // Hotspots and hexagons count reports of every status.
  box.hidden = url.layer !== "reports";
  box.setAttribute("aria-label", t("status"));
  /** The statuses after a press on one; the last one cannot be removed. */
  const toggled = (status: Status): Status[] => {
    const next = url.statuses.includes(status)
      ? url.statuses.filter((one) => one !== status)
      : STATUSES.filter((one) => one === status || url.statuses.includes(one));
    return next.length ? next : url.statuses;
  };
  box.replaceChildren(...STATUSES.map((status) => {
    const count = counts ? (counts.status[status] ?? 0) : null;
    const element = chip(`status-${status}`, t(`statuses.${status}`), url.statuses.includes(status), count, () =>
      onChange({ statuses: toggled(status) }));
    element.prepend(h("span", { class: `dot ${status}`, "aria-hidden": "true" }));
    return element;
  }));
}

/** Reports or incidents; hotspots always count incidents. */
function drawCounting(url: UrlState, onChange: OnChange): void {
  const box = byId("counting");
  box.hidden = url.layer === "hotspots";
  box.setAttribute("aria-label", t("counting"));
  box.replaceChildren(...[false, true].map((countIncidents) =>
    chip(`count-${countIncidents}`, t(countIncidents ? "counting.incidents" : "counting.reports"), url.countIncidents === countIncidents, null,
      () => onChange({ countIncidents }))));
}

/** Whether the other cities are shown too; hidden if there is only one city. */
function drawNeighbourToggle(url: UrlState, cityCount: number, onChange: OnChange): void {
  const box = byId("neighbour-toggle");
  box.hidden = cityCount < 2 || url.layer !== "reports";
  box.replaceChildren(chip("neighbours", t("neighbours"), url.neighbours, null, () => onChange({ neighbours: !url.neighbours })));
}

/** Bars of the histogram at most; longer periods put several days into one bar. */
const BARS_MAX = 120;

/** A histogram of the number of reports per day. */
function drawHistogram(counts: StatsOf<"day"> | null): void {
  const box = byId("days");
  const days = counts?.day ?? [];
  if (days.length < 2) return box.replaceChildren();
  const daysPerBar = Math.ceil(days.length / BARS_MAX);
  const bars: { first: string; last: string; count: number }[] = [];
  for (let i = 0; i < days.length; i += daysPerBar) {
    const group = days.slice(i, i + daysPerBar);
    const count = group.reduce((sum, day) => sum + day.count, 0);
    bars.push({ first: group[0].date, last: group[group.length - 1].date, count });
  }
  const highest = Math.max(...bars.map((bar) => bar.count), 1);
  const rects = bars.map((bar, i) => {
    const height = bar.count ? Math.max(0.8, (bar.count / highest) * 30) : 0;
    const title = t("days.bar", { dates: formatDateRange(bar.first, bar.last), count: bar.count });
    return svg("rect", { x: i, y: 30 - height, width: 0.82, height }, svg("title", {}, title));
  });
  const [first, last] = [days[0].date, days[days.length - 1].date];
  const label = t("days.axis", { title: t("days"), dates: formatDateRange(first, last) });
  box.replaceChildren(
    svg("svg", {
      viewBox: `0 0 ${bars.length} 30`, preserveAspectRatio: "none", role: "img", "aria-label": label,
    }, ...rects),
    h("div", { class: "axis", "aria-hidden": "true" },
      h("span", {}, formatDateRange(first, first)), h("span", {}, formatDateRange(last, last))));
}

/** A checkbox for one service or for all services of a group. */
function serviceCheckbox(
  label: string, count: number, codes: string[], selected: Set<string>, onToggle: (codes: string[], on: boolean) => void,
): HTMLElement {
  const input = h("input", { type: "checkbox" });
  const on = codes.filter((code) => selected.has(code)).length;
  input.checked = on === codes.length;
  input.indeterminate = on > 0 && on < codes.length;
  input.dataset.focus = `services-${codes.join(",")}`;
  input.addEventListener("change", () => onToggle(codes, input.checked));
  return h("label", { class: "check" }, input, h("span", { class: "name" }, label),
    h("span", { class: "count" }, formatNumber(count)));
}

/** Services by group, the most reported first; those without any report are left out. */
function drawServices(
  url: UrlState, catalogue: Catalogue, counts: StatsOf<"service"> | null, onChange: OnChange,
): void {
  const selected = new Set(url.services);
  const countOf = new Map((counts?.service ?? []).map((service) => [service.code, service.count]));
  byId("services-title").textContent = selected.size === 0
    ? t("services.all") : t("services.selected", { count: selected.size });
  const toggle = (codes: string[], on: boolean): void => {
    const next = new Set(selected);
    for (const code of codes) on ? next.add(code) : next.delete(code);
    onChange({ services: [...next] });
  };
  const groups = catalogue.groups.map((group) => {
    const members = catalogue.services
      .filter((service) => service.group === group.code)
      .filter(({ service_code: code }) => countOf.get(code) || selected.has(code))
      .map((service) => ({ ...service, count: countOf.get(service.service_code) ?? 0 }))
      .sort((a, b) => b.count - a.count);
    return { group, members, total: members.reduce((sum, service) => sum + service.count, 0) };
  });
  const box = byId("services");
  const openGroups = new Set([...box.querySelectorAll("details[open]")].map((details) => details.id));
  box.replaceChildren(...groups
    .filter(({ members }) => members.length > 0)
    .sort((a, b) => b.total - a.total)
    .map(({ group, members, total }) => {
      const id = `group-${group.code}`;
      const codes = members.map((service) => service.service_code);
      const details = h("details", { id, open: openGroups.has(id) },
        h("summary", { "aria-label": group.name }),
        ...members.map((service) =>
          serviceCheckbox(service.service_name, service.count, [service.service_code], selected, toggle)));
      return h("div", { class: "group" }, serviceCheckbox(group.name, total, codes, selected, toggle), details);
    }));
}

export function drawFilters(
  url: UrlState, catalogue: Catalogue, counts: FilterCounts | null, cityCount: number, onChange: OnChange,
): void {
  drawLayers(url, onChange);
  drawPeriods(url, onChange);
  drawStatuses(url, counts?.byStatus ?? null, onChange);
  drawCounting(url, onChange);
  drawNeighbourToggle(url, cityCount, onChange);
  drawHistogram(counts?.byDay ?? null);
  drawServices(url, catalogue, counts?.byService ?? null, onChange);
}
