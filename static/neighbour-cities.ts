// Reports of the other cities on the same map, under the same filter.
import * as api from "./api";
import { button, byId, h } from "./dom";
import { formatNumber, t } from "./i18n";
import { filterParams, type UrlState } from "./url-state";

export interface NeighbourCity {
  city: api.City;
  clusters: api.ClusterPage;
}

/** The clusters of the other cities in view; cities without any are left out. */
export async function fetchNeighbours(
  cities: api.City[], url: UrlState, view: api.QueryParams, signal: AbortSignal,
): Promise<NeighbourCity[]> {
  const params = { ...filterParams(url, "area"), ...view };
  const others = cities.filter((city) => city.jurisdiction_id !== url.city);
  const found = await Promise.all(others.map(async (city) => {
    try {
      const clusters = await api.clusters({ ...params, jurisdiction_id: city.jurisdiction_id }, signal);
      return clusters.features.length > 0 ? [{ city, clusters }] : [];
    } catch (error) {
      // The city does not have the selected services.
      if (error instanceof api.ApiError && error.status === 400) return [];
      throw error;
    }
  }));
  return found.flat();
}

/** One collection of all clusters; those of neighbours have the property `city`. */
export function mergeClusters(own: api.ClusterPage, neighbours: NeighbourCity[]): GeoJSON.FeatureCollection {
  const theirs = neighbours.flatMap(({ city, clusters }) => clusters.features.map((feature) => (
    { ...feature, properties: { ...feature.properties, city: city.jurisdiction_id } })));
  return { type: "FeatureCollection", features: [...theirs, ...own.features] };
}

/** Buttons above the list that switch to each city in view, with its number of reports. */
export function drawNeighbours(neighbours: NeighbourCity[], switchTo: (city: string) => void): void {
  const box = byId("neighbours");
  box.hidden = neighbours.length === 0;
  box.setAttribute("aria-label", t("neighbours.view"));
  box.replaceChildren(
    h("span", { "aria-hidden": "true" }, t("neighbours.view")),
    ...neighbours.map(({ city, clusters }) => {
      const count = h("span", { class: "count" }, formatNumber(clusters.numberMatched ?? 0));
      return button({ class: "chip" }, [city.name, count], () => switchTo(city.jurisdiction_id));
    }));
}
