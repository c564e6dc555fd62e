// The list of hexagons whose number of reports is significant, and a hexagon in words.
import type { Hex, HexFeature, HexPage } from "./api";
import { h } from "./dom";
import { formatNumber, t, tValue } from "./i18n";
import { drawRows } from "./hotspots";
import { listRow } from "./report-list";

/** What the counts are of. */
export type Counted = "reports" | "incidents";

/** Hexagons in the list, at most. */
const ROWS_MAX = 40;

/** The count of a hexagon, and that of its neighbourhood beside its expectation. */
function countText(hex: Hex, counted: Counted): string {
  const { count, neighbourhood_count: around, neighbourhood_expected: mean } = hex;
  if (around === null || mean === null) return t(`count.${counted}`, { count });
  const expected = t(`count.expected.${counted}`, { count: Math.round(mean * 10) / 10 });
  return t(`hex.${counted}`, { count, around, expected });
}

/** A hexagon in a sentence: class, counts, trend. */
export function describeHex(hex: Hex, counted: Counted): string {
  const word = hex.class ? t(`class.${hex.class}`) : t("class.unknown");
  const trend = hex.trend?.class;
  return `${word}. ${countText(hex, counted)}${trend ? ` ${t("emerging", { trend: tValue("emerging", trend) })}` : ""}`;
}

/** The hexagons that stand out, those farthest from their expectation first. */
export function drawHexList(page: HexPage, counted: Counted, showOnMap: (hex: HexFeature) => void): void {
  const significant = page.features
    .filter((hex) => hex.properties.class && hex.properties.class !== "none")
    .sort((a, b) => Math.abs(b.properties.z ?? 0) - Math.abs(a.properties.z ?? 0))
    .slice(0, ROWS_MAX);
  const rows = significant.map((hex) => {
    const { class: name, h3, count, trend } = hex.properties;
    const mark = h("span", { class: `swatch ${name}`, "aria-hidden": "true" });
    const side = [formatNumber(count), ...(trend?.class ? [tValue("emerging", trend.class)] : [])];
    return listRow({ "data-hex": h3 }, mark, t(`class.${name ?? "none"}`), countText(hex.properties, counted), side,
      () => showOnMap(hex));
  });
  drawRows("hexes.list", rows, page.statistic.reason ?? t("hexes.none"));
}
