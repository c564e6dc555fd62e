// The order of the list of reports.
import { byId, h } from "./dom";
import { t } from "./i18n";
import { SORTS, type Sort, type UrlState } from "./url-state";

/** Draws the choice of the order; hidden where a list has an order of its own. */
export function drawSort(
  url: UrlState, onChange: (change: Partial<UrlState>) => void, isShown = url.layer === "reports",
): void {
  byId("sort-label").hidden = !isShown;
  byId("sort-name").textContent = t("list.sort");
  const select = byId<HTMLSelectElement>("sort");
  select.replaceChildren(...SORTS.map((sort) => h("option", { value: sort }, t(`sort.${sort}`))));
  select.value = url.sort;
  select.onchange = () => onChange({ sort: select.value as Sort });
}
