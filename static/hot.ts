// Where there is more than chance: hotspots, alerts and hexagons as lists, cards and legends.
import type { Alert, Hex, Hotspot, HotspotLife, HotspotPage } from "./api";
import { closeButton } from "./card";
import { byId, make } from "./dom";
import type { Layer } from "./state";
import { number, say, sayValue, time, type Word } from "./words";

export interface HotActions {
  hotspot(id: number): void;
  go(feature: GeoJSON.Feature): void;
  report(id: string): void;
  close(): void;
}

/** From much more than expected to much less; the same words for colours, lists and cards. */
export const CLASSES = ["hot99", "hot95", "hot90", "none", "cold90", "cold95", "cold99"] as const;

/** Red to blue through white (ColorBrewer RdBu): told apart with any kind of colour vision. */
export const CLASS_COLORS: Record<string, string> = {
  hot99: "#b2182b", hot95: "#ef8a62", hot90: "#fddbc7", none: "#ffffff",
  cold90: "#d1e5f0", cold95: "#67a9cf", cold99: "#2166ac",
};

const row = (
  attributes: Record<string, string>, mark: HTMLElement, title: string, text: string, side: string[],
  open: () => void,
): HTMLElement => {
  const button = make("button", { type: "button", class: "row", ...attributes }, mark,
    make("span", { class: "what" }, make("strong", {}, title), make("span", { class: "where" }, text)),
    make("span", { class: "when" }, ...side.map((line) => make("span", { class: "state" }, line))));
  button.addEventListener("click", open);
  return make("li", {}, button);
};

function rows(title: Word, items: HTMLElement[], none: string): void {
  byId("list-title").replaceChildren(say(title));
  byId("reports").replaceChildren(...(items.length ? items : [make("li", { class: "none" }, none)]));
  byId("more").hidden = true;
}

/** The sentence without what the row's title says already. */
const behind = (title: string, text: string): string =>
  text.startsWith(title) ? text.slice(title.length).replace(/^\s*:\s*/, "") : text;

export function drawHotspots(page: HotspotPage, alerts: Alert[], actions: HotActions): void {
  const begun = alerts.map((alert) => {
    const { service_name, explanation, count, level } = alert.properties;
    const mark = make("span", { class: `rank ${level}`, "aria-hidden": "true" }, "!");
    return row({}, mark, `${say(`alert.${level}`)} · ${service_name}`, behind(service_name, explanation),
      [number(count)], () => actions.go(alert));
  });
  const found = page.features.map((hotspot) => {
    const { hotspot_id, rank, service_name, explanation, count, trend } = hotspot.properties;
    const mark = make("span", { class: "rank" }, String(rank));
    return row({ "data-hotspot": String(hotspot_id) }, mark, service_name,
      behind(service_name, explanation), [number(count), sayValue("trend", trend)],
      () => actions.hotspot(hotspot_id));
  });
  rows("hotspots.list", [...begun, ...found], page.statistic.reason ?? say("hotspots.none"));
}

const expectation = (of: Hex["properties"]): string => {
  const { neighbourhood_count: around, neighbourhood_expected: expected } = of;
  if (around === null || expected === null) return say("life.count", { n: of.count });
  return say("hex.counts", { n: of.count, around, expected: number(Math.round(expected * 10) / 10) });
};

/** What the map says of a hexagon, in words. */
export function hexWords(properties: Hex["properties"]): string {
  const word = properties.class ? sayValue("class", properties.class) : say("class.unknown");
  const trend = properties.trend?.class;
  return `${word}. ${expectation(properties)}${trend ? ` ${sayValue("emerging", trend)}.` : ""}`;
}

export function drawHexes(hexes: Hex[], reason: string | undefined, actions: HotActions): void {
  const strong = hexes
    .filter((hex) => hex.properties.class && hex.properties.class !== "none")
    .sort((a, b) => Math.abs(b.properties.z ?? 0) - Math.abs(a.properties.z ?? 0))
    .slice(0, 40);
  const items = strong.map((hex) => {
    const { class: word, h3, count } = hex.properties;
    const mark = make("span", { class: `swatch ${word}`, "aria-hidden": "true" });
    const trend = hex.properties.trend?.class;
    return row({ "data-hex": h3 }, mark, sayValue("class", word ?? "none"), expectation(hex.properties),
      [number(count), ...(trend ? [sayValue("emerging", trend)] : [])], () => actions.go(hex));
  });
  rows("hexes.list", items, reason ?? say("hexes.none"));
}

function history(steps: HotspotLife[], zone: string): HTMLElement {
  const items = steps.map((step) => {
    const other = step.other_hotspot_id;
    const what = say(`life.${step.event}` as Word, { other: other === null ? "" : String(other) });
    return make("li", {}, make("span", { class: "when" }, time(step.at, zone)),
      step.count ? `${what} (${say("life.count", { n: step.count })})` : what);
  });
  return make("section", {}, make("h3", {}, say("card.history")), make("ol", { class: "steps" }, ...items));
}

const PARTS = ["excess", "open", "age", "trend", "severity"] as const;

export function drawHotspotCard(hotspot: Hotspot, zone: string, actions: HotActions): void {
  const of = hotspot.properties;
  const parts = of.priority_parts;
  const facts = make("dl");
  const fact = (word: Word, value: string | Node): void =>
    void facts.append(make("dt", {}, say(word)), make("dd", {}, value));
  if (of.priority !== undefined && parts) {
    fact("hotspot.priority", `${number(Math.round(of.priority))} / 100`);
    fact("hotspot.why", PARTS.map((part) =>
      `${say(`priority.${part}`)} ${number(Math.round(parts[part]))}`).join(" · "));
  }
  const members = (of.service_request_ids ?? []).slice(0, 12).map((id) => {
    const link = make("button", { type: "button", class: "link" }, id);
    link.addEventListener("click", () => actions.report(id));
    return make("li", {}, link);
  });
  const card = byId("card");
  // Numbers of passing questions are long and mean nothing to people.
  const name = of.hotspot_id < 1e9 ? say("hotspot.name", { id: String(of.hotspot_id) }) : say("hotspot.one");
  card.replaceChildren(closeButton(actions.close),
    make("p", { class: "badge" }, name),
    make("h2", {}, of.service_name ?? ""),
    make("p", {}, of.explanation ?? say("hotspot.over")),
    facts,
    ...(members.length ? [make("section", {}, make("h3", {}, say("hotspot.members")),
      make("ul", { class: "links" }, ...members))] : []),
    history(of.history ?? [], zone));
  card.setAttribute("aria-label", name);
  card.hidden = false;
  card.focus({ preventScroll: false });
}

/** The legend of a layer: what its colours say, and what significance means, in one sentence. */
export function hotLegend(layer: Layer): HTMLElement[] {
  const entry = (mark: HTMLElement, text: string): HTMLElement => {
    mark.setAttribute("aria-hidden", "true");
    return make("li", {}, mark, text);
  };
  const swatch = (word: string): HTMLElement => make("span", { class: `swatch ${word}` });
  const list = layer === "hexes"
    ? CLASSES.map((word) => entry(swatch(word), say(`class.${word}`)))
    : [
      entry(swatch("hot99"), say("class.hot99")), entry(swatch("hot95"), say("class.hot95")),
      entry(make("span", { class: "swatch begun" }), say("legend.alert")),
    ];
  return [make("ul", { "aria-label": say("legend") }, ...list),
    make("p", { class: "sense" }, say(layer === "hexes" ? "legend.hexes" : "legend.hotspots"))];
}
