// The area filter: which boundary set, if the city has several, and which of its areas.
import type { BoundarySet, StatsOf } from "./api";
import { byId, h } from "./dom";
import { language, t } from "./i18n";
import type { UrlState } from "./url-state";

/** The boundary set on the page: the selected one, or the city's first; null if it has none. */
export const shownBoundarySet = (url: UrlState, sets: BoundarySet[]): string | null =>
  (sets.find((set) => set.name === url.boundarySet) ?? sets[0])?.name ?? null;

interface Option {
  value: string;
  text: string;
}

function select(label: string, options: Option[], selected: string, onChange: (value: string) => void): HTMLElement {
  const element = h("select", { "data-focus": `select-${label}` }, ...options.map(({ value, text }) => h("option", { value }, text)));
  element.value = selected;
  element.addEventListener("change", () => onChange(element.value));
  return h("label", { class: "area" }, h("span", {}, label), element);
}

export function drawAreaFilter(
  url: UrlState, sets: BoundarySet[], stats: StatsOf<"area"> | null, onChange: (change: Partial<UrlState>) => void,
): void {
  const box = byId("areas");
  const set = shownBoundarySet(url, sets);
  const counted = stats?.area ?? [];
  const option = (name: string, count: number): Option => ({ value: name, text: t("area.count", { name, count }) });
  const areas = counted.map((area) => option(area.name, area.count));
  // The selected area stays in the list even if the filter leaves no report in it.
  if (url.area && !counted.some((area) => area.name === url.area)) areas.push(option(url.area, 0));
  areas.sort((a, b) => a.text.localeCompare(b.text));
  const selects: HTMLElement[] = [];
  if (sets.length > 1) {
    const options = sets.map(({ name }) => ({ value: name, text: name }));
    selects.push(select(t("boundary_set"), options, set ?? "", (value) => onChange({ boundarySet: value, area: null })));
  }
  if (areas.length > 0) {
    const options = [{ value: "", text: t("area.all") }, ...areas];
    selects.push(select(t("area"), options, url.area ?? "", (value) => onChange({ area: value || null })));
  }
  // Replacing an open list would close it: draw only if something changed.
  const content = JSON.stringify([set, url.area, areas, language()]);
  if (box.dataset.content === content) return;
  box.dataset.content = content;
  box.hidden = selects.length === 0;
  box.replaceChildren(...selects);
}
