// Other cities on the same map: a region is seen whole, and each of its cities is one press away.
import * as api from "./api";
import { byId, make } from "./dom";
import { params, type State } from "./state";
import { number, say } from "./words";

export interface Other {
  city: api.City;
  spots: api.Spots;
}

/** What a view holds of the other cities under the same filter; who does not know its services holds nothing. */
export async function askOthers(
  cities: api.City[], state: State, view: api.Params, signal: AbortSignal,
): Promise<Other[]> {
  const filter = params(state, "area");
  const ask = async (city: api.City): Promise<Other[]> => {
    try {
      const spots = await api.clusters({ ...filter, ...view, jurisdiction_id: city.jurisdiction_id }, signal);
      return spots.features.length > 0 ? [{ city, spots }] : [];
    } catch (error) {
      if (error instanceof api.Refused && error.status === 400) return [];
      throw error;
    }
  };
  const asked = cities.filter((city) => city.jurisdiction_id !== state.city).map(ask);
  return (await Promise.all(asked)).flat();
}

/** The spots of all cities; those of the others say whose they are. */
export function together(own: api.Spots, others: Other[]): GeoJSON.FeatureCollection {
  const theirs = others.flatMap(({ city, spots }) => spots.features.map((spot) => (
    { ...spot, properties: { ...spot.properties, city: city.jurisdiction_id } })));
  return { type: "FeatureCollection", features: [...theirs, ...own.features] };
}

/** Which cities the view reaches into, with how much there is, beside the list of the chosen one. */
export function drawOthers(others: Other[], visit: (city: string) => void): void {
  const box = byId("others");
  box.hidden = others.length === 0;
  box.setAttribute("aria-label", say("others.view"));
  box.replaceChildren(make("span", { "aria-hidden": "true" }, say("others.view")), ...others.map(({ city, spots }) => {
    const count = make("span", { class: "count" }, number(spots.numberMatched));
    const button = make("button", { type: "button", class: "chip" }, city.name, count);
    button.addEventListener("click", () => visit(city.jurisdiction_id));
    return button;
  }));
}
