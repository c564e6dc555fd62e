// Areas of the city: outlines on the map, and a filter with how much there is in each.
import type { Division, Stats } from "./api";
import { byId, make } from "./dom";
import type { State } from "./state";
import { number, say } from "./words";

type Change = (change: Partial<State>) => void;

/** The division on the page: the one chosen, else the first that the city has. */
export const divisionOf = (state: State, divisions: Division[]): string | null =>
  (divisions.find((known) => known.name === state.division) ?? divisions[0])?.name ?? null;

function select(
  label: string, options: { value: string; text: string }[], chosen: string, press: (value: string) => void,
): HTMLElement {
  const list = make("select", {}, ...options.map(({ value, text }) => make("option", { value }, text)));
  (list as HTMLSelectElement).value = chosen;
  list.addEventListener("change", () => press((list as HTMLSelectElement).value));
  return make("label", { class: "area" }, make("span", {}, label), list);
}

/** Which division, where the city has several, and which of its areas. */
export function drawAreas(state: State, divisions: Division[], stats: Stats | null, change: Change): void {
  const box = byId("areas");
  const division = divisionOf(state, divisions);
  const known = stats?.area.filter((area) => !area.name.includes(",")) ?? [];
  const names = known.map((area) => ({ value: area.name, text: `${area.name} (${number(area.count)})` }));
  // What is chosen stays to be seen where nothing of it is left under the filter.
  if (state.area && !known.some((area) => area.name === state.area)) {
    names.push({ value: state.area, text: `${state.area} (0)` });
  }
  names.sort((a, b) => a.text.localeCompare(b.text));
  const parts: HTMLElement[] = [];
  if (divisions.length > 1) {
    const options = divisions.map(({ name }) => ({ value: name, text: name }));
    parts.push(select(say("division"), options, division ?? "", (value) => change({ division: value, area: null })));
  }
  if (names.length > 0) {
    const options = [{ value: "", text: say("area.all") }, ...names];
    parts.push(select(say("area"), options, state.area ?? "", (value) => change({ area: value || null })));
  }
  // A list that is open stays open: it is drawn anew only where it says something else.
  const told = JSON.stringify([division, state.area, names, state.language]);
  if (box.dataset.told === told) return;
  box.dataset.told = told;
  box.hidden = parts.length === 0;
  box.replaceChildren(...parts);
}
