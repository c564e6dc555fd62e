// Filters with their counts: period, status, services by group.
import type { Catalogue, Stats, Status } from "./api";
import { byId, make, makeSvg } from "./dom";
import { type Layer, LAYERS, type Period, PERIODS, STATUSES, type State, unfiltered } from "./state";
import { day, number, say } from "./words";

export interface Counts {
  byStatus: Stats;
  byService: Stats;
  byDay: Stats;
}

type Change = (change: Partial<State>) => void;

function chip(label: string, pressed: boolean, count: number | null, press: () => void): HTMLElement {
  const button = make("button", { type: "button", class: "chip", "aria-pressed": String(pressed) }, label);
  if (count !== null) button.append(make("span", { class: "count" }, number(count)));
  button.addEventListener("click", press);
  return button;
}

function drawLayers(state: State, change: Change): void {
  const box = byId("layer");
  box.setAttribute("aria-label", say("layer"));
  box.replaceChildren(
    ...LAYERS.map((layer: Layer) =>
      chip(say(`layer.${layer}`), state.layer === layer, null, () => change({ layer })),
    ),
  );
}

function drawPeriods(state: State, change: Change): void {
  const box = byId("period");
  box.setAttribute("aria-label", say("period"));
  // Hotspots are those of a period: of a month, where none is chosen.
  const hot = state.layer === "hotspots";
  const chosen = hot && state.period === "all" ? "30" : state.period;
  box.replaceChildren(
    ...PERIODS.filter((period) => !hot || period !== "all").map((period: Period) =>
      chip(say(`period.${period}`), chosen === period, null, () => change({ period })),
    ),
  );
}

function drawStatuses(state: State, counts: Stats | null, change: Change): void {
  const box = byId("status");
  // What is closed was trouble too: hotspots and hexagons are of any status.
  box.hidden = state.layer !== "reports";
  box.setAttribute("aria-label", say("status"));
  const toggled = (status: Status): Status[] => {
    const next = state.statuses.includes(status)
      ? state.statuses.filter((s) => s !== status)
      : STATUSES.filter((s) => s === status || state.statuses.includes(s));
    return next.length ? next : state.statuses;
  };
  box.replaceChildren(
    ...STATUSES.map((status) => {
      const count = counts ? (counts.status[status] ?? 0) : null;
      const pressed = state.statuses.includes(status);
      const button = chip(say(`status.${status}`), pressed, count, () =>
        change({ statuses: toggled(status) }),
      );
      button.prepend(make("span", { class: `dot ${status}`, "aria-hidden": "true" }));
      return button;
    }),
  );
}

/** Whether every request counts, or each incident once; hotspots count incidents by themselves. */
function drawCounting(state: State, change: Change): void {
  const box = byId("counting");
  box.hidden = state.layer === "hotspots";
  box.setAttribute("aria-label", say("counting"));
  box.replaceChildren(...[false, true].map((incidents) =>
    chip(say(incidents ? "counting.incidents" : "counting.reports"), state.incidents === incidents, null,
      () => change({ incidents }))));
}

/** Whether other cities are drawn, where there are others. */
function drawBeside(state: State, change: Change, cities: number): void {
  const box = byId("beside");
  box.hidden = cities < 2 || state.layer !== "reports";
  box.replaceChildren(chip(say("others"), state.others, null, () => change({ others: !state.others })));
}

/** A small histogram: how many requests each day, at most 120 bars. */
function drawDays(counts: Stats | null): void {
  const box = byId("days");
  const days = counts?.day ?? [];
  if (days.length < 2) return box.replaceChildren();
  const width = Math.ceil(days.length / 120);
  const bars: { date: string; count: number }[] = [];
  for (let i = 0; i < days.length; i += width) {
    const group = days.slice(i, i + width);
    bars.push({ date: group[0].date, count: group.reduce((sum, d) => sum + d.count, 0) });
  }
  const most = Math.max(...bars.map((bar) => bar.count), 1);
  const rects = bars.map((bar, i) => {
    const height = bar.count ? Math.max(0.8, (bar.count / most) * 30) : 0;
    const title = makeSvg("title", {});
    title.textContent = say("day", { date: day(bar.date), n: bar.count });
    return makeSvg("rect", { x: i, y: 30 - height, width: 0.82, height }, title);
  });
  const label = `${say("days")}, ${day(days[0].date)} – ${day(days[days.length - 1].date)}`;
  const svg = makeSvg("svg", {
    viewBox: `0 0 ${bars.length} 30`, preserveAspectRatio: "none", role: "img", "aria-label": label,
  }, ...rects);
  const ends = make("div", { class: "ends", "aria-hidden": "true" },
    make("span", {}, day(days[0].date)), make("span", {}, day(days[days.length - 1].date)));
  box.replaceChildren(svg, ends);
}

function drawServices(state: State, catalogue: Catalogue, counts: Stats | null, change: Change): void {
  const chosen = new Set(state.services);
  const count = new Map((counts?.service ?? []).map((s) => [s.code, s.count]));
  const title = chosen.size === 0 ? say("services.all")
    : chosen.size === 1 ? say("services.one") : say("services.some", { n: chosen.size });
  byId("services-title").textContent = title;
  const choose = (codes: string[], on: boolean): void => {
    const next = new Set(chosen);
    for (const code of codes) on ? next.add(code) : next.delete(code);
    change({ services: [...next] });
  };
  const open = new Set([...byId("services").querySelectorAll("details[open]")].map((d) => d.id));
  const groups = catalogue.groups.map((group) => {
    const members = catalogue.services
      .filter((s) => s.group === group.code)
      .filter((s) => count.get(s.service_code) || chosen.has(s.service_code))
      .sort((a, b) => (count.get(b.service_code) ?? 0) - (count.get(a.service_code) ?? 0));
    return { group, members, total: members.reduce((sum, s) => sum + (count.get(s.service_code) ?? 0), 0) };
  });
  const box = (label: string, n: number, codes: string[]): HTMLElement => {
    const input = make("input", { type: "checkbox" });
    const on = codes.filter((code) => chosen.has(code)).length;
    input.checked = on === codes.length;
    input.indeterminate = on > 0 && on < codes.length;
    input.dataset.codes = codes.join(",");
    input.addEventListener("change", () => choose(codes, input.checked));
    return make("label", { class: "check" }, input, make("span", { class: "name" }, label),
      make("span", { class: "count" }, number(n)));
  };
  const focused = (document.activeElement as HTMLElement | null)?.dataset?.codes;
  byId("services").replaceChildren(
    ...groups
      .filter(({ members }) => members.length > 0)
      .sort((a, b) => b.total - a.total)
      .map(({ group, members, total }) => {
        const id = `group-${group.code}`;
        const codes = members.map((s) => s.service_code);
        const details = make("details", { id, open: open.has(id) },
          make("summary", { "aria-label": group.name }),
          ...members.map((s) => box(s.service_name, count.get(s.service_code) ?? 0, [s.service_code])));
        return make("div", { class: "group" }, box(group.name, total, codes), details);
      }),
  );
  // Drawing again must not take the keyboard away from where it was.
  if (focused) byId("services").querySelector<HTMLElement>(`input[data-codes="${focused}"]`)?.focus();
}

function drawReset(state: State, change: Change): void {
  const button = byId<HTMLButtonElement>("reset");
  button.textContent = say("reset");
  const same = state.period === unfiltered.period && state.services.length === 0 && !state.area
    && state.statuses.join() === unfiltered.statuses.join();
  button.hidden = same;
  button.onclick = () =>
    change({ period: unfiltered.period, statuses: [...unfiltered.statuses], services: [], area: null });
}

export function drawFilters(
  state: State, catalogue: Catalogue, counts: Counts | null, change: Change, cities: number,
): void {
  drawLayers(state, change);
  drawPeriods(state, change);
  drawStatuses(state, counts?.byStatus ?? null, change);
  drawCounting(state, change);
  drawBeside(state, change, cities);
  drawDays(counts?.byDay ?? null);
  drawServices(state, catalogue, counts?.byService ?? null, change);
  drawReset(state, change);
}
