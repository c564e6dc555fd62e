// The legend of the map: what the marks and colours of the current layer mean.
import { CLASSES } from "./colors";
import { byId, h } from "./dom";
import { t } from "./i18n";
import { STATUSES, type UrlState } from "./url-state";

const entry = (markClass: string, text: string): HTMLElement =>
  h("li", {}, h("span", { class: markClass, "aria-hidden": "true" }), text);

/** Entries, and a sentence that says what significance means. */
function layerLegend(url: UrlState, cityCount: number): { entries: HTMLElement[]; note?: string } {
  switch (url.layer) {
    case "reports": return {
      entries: [
        entry("circle", t("legend.cluster")),
        ...(url.neighbours && cityCount > 1 ? [entry("circle neighbour", t("neighbours"))] : []),
        ...STATUSES.map((status) => entry(`dot ${status}`, t(`status.${status}`))),
      ],
    };
    case "hexes": return {
      entries: CLASSES.map((name) => entry(`swatch ${name}`, t(`class.${name}`))),
      note: t("legend.hexes"),
    };
    case "hotspots": return {
      entries: [
        entry("swatch hot99", t("class.hot99")), entry("swatch hot95", t("class.hot95")),
        entry("swatch alert", t("legend.alert")),
      ],
      note: t("legend.hotspots"),
    };
  }
}

/** Folds the legend on a small screen, where it would cover the map. */
export function foldLegend(): void {
  byId("legend").toggleAttribute("open", !matchMedia("(max-width: 760px)").matches);
}

export function drawLegend(url: UrlState, cityCount: number): void {
  const { entries, note } = layerLegend(url, cityCount);
  const list = h("ul", { "aria-label": t("legend") }, ...entries);
  const box = byId<HTMLDetailsElement>("legend");
  box.replaceChildren(h("summary", {}, t("legend")), list, ...(note ? [h("p", { class: "note" }, note)] : []));
}
