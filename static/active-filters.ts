// The filters that are on, each as a button that takes it away, so that nobody has to open the filter
// panel to know what the list and the map leave out.
import type { Catalogue, Status } from "./api";
import { button, byId, h } from "./dom";
import { t } from "./i18n";
import { DEFAULT_FILTER, STATUSES, type UrlState } from "./url-state";

type OnChange = (change: Partial<UrlState>) => void;

interface ActiveFilter {
  text: string;
  change: Partial<UrlState>;
}

/** Services that have a button of their own; more of them share one. */
const SERVICES_NAMED = 2;

const isDefaultStatus = (statuses: Status[]): boolean => statuses.join() === DEFAULT_FILTER.statuses.join();

function serviceFilters(url: UrlState, catalogue: Catalogue): ActiveFilter[] {
  const { services } = url;
  if (services.length === 0) return [];
  if (services.length > SERVICES_NAMED) {
    return [{ text: t("services.selected", { count: services.length }), change: { services: [] } }];
  }
  return services.map((code) => {
    const name = catalogue.services.find((one) => one.service_code === code)?.service_name;
    return { text: name ?? code, change: { services: services.filter((one) => one !== code) } };
  });
}

/** What differs from the page as it opens. */
function activeFilters(url: UrlState, catalogue: Catalogue): ActiveFilter[] {
  const filters: ActiveFilter[] = [];
  const add = (text: string, change: Partial<UrlState>): number => filters.push({ text, change });
  // Hotspots and hexagons count reports of every status.
  if (url.layer === "reports" && !isDefaultStatus(url.statuses)) {
    const text = STATUSES.every((status) => url.statuses.includes(status))
      ? t("statuses.all") : url.statuses.map((status) => t(`statuses.${status}`)).join(", ");
    add(text, { statuses: [...DEFAULT_FILTER.statuses] });
  }
  if (url.period !== DEFAULT_FILTER.period) add(t(`period.${url.period}`), { period: DEFAULT_FILTER.period });
  if (url.area) add(url.area, { area: null });
  filters.push(...serviceFilters(url, catalogue));
  if (url.isPlaceless && url.layer === "reports") add(t("placeless.on"), { isPlaceless: false });
  if (url.countIncidents && url.layer !== "hotspots") add(t("counting.incidents"), { countIncidents: false });
  return filters;
}

export function drawActiveFilters(url: UrlState, catalogue: Catalogue, onChange: OnChange): void {
  const filters = activeFilters(url, catalogue);
  const buttons = filters.map(({ text, change }) => button(
    { class: "chip active", "data-focus": `active-${Object.keys(change)[0]}`, "aria-label": t("filters.remove", { filter: text }) },
    [h("span", {}, text), h("span", { class: "cross", "aria-hidden": "true" }, "×")], () => onChange(change)));
  if (filters.length > 1) {
    const reset = { ...DEFAULT_FILTER, statuses: [...DEFAULT_FILTER.statuses], services: [], area: null,
      isPlaceless: false, countIncidents: false };
    buttons.push(button({ class: "quiet", id: "reset" }, [t("filters.reset")], () => onChange(reset)));
  }
  const box = byId("active-filters");
  box.setAttribute("aria-label", t("filters.active"));
  box.hidden = buttons.length === 0;
  box.replaceChildren(...buttons);
  byId("filters-title").textContent = t("filters");
}
