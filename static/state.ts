// Everything that the map page holds in memory. Only `main.ts` changes it.
import type { Map } from "maplibre-gl";
import type { BoundarySet, Catalogue, City, Config, HotspotPage } from "./api";
import type { FilterCounts } from "./filters";
import { parseHash, type UrlState } from "./url-state";

export interface PageState {
  config: Config;
  cities: City[];
  /** What the URL holds: filter, layer, view, open report. */
  url: UrlState;
  /** Services and boundary sets of the city. */
  catalogue: Catalogue;
  boundarySets: BoundarySet[];
  /** The areas of one boundary set with their outlines; null until they are loaded. */
  outlines: { set: string | null; areas: GeoJSON.FeatureCollection | null } | null;
  /** Counts beside the filters; null until they are loaded. */
  counts: FilterCounts | null;
  /** Hotspots in the list; null on the other layers until they were loaded once. */
  hotspots: HotspotPage | null;
  /** The list shows the reports of one cluster instead of those in view. */
  isClusterListed: boolean;
  /** Null without WebGL 2. */
  map: Map | null;
}

const NO_SERVICES: Catalogue = { groups: [], services: [] };

export const initialState = (config: Config, cities: City[]): PageState => ({
  config, cities, url: parseHash(location.hash, config.default_jurisdiction),
  catalogue: NO_SERVICES, boundarySets: [], outlines: null, counts: null, hotspots: null,
  isClusterListed: false, map: null,
});

/** The city in the URL; the first one if there is no such city. */
export const cityOf = ({ cities, url }: PageState): City =>
  cities.find((city) => city.jurisdiction_id === url.city) ?? cities[0];

/** What the layer counts. */
export const counted = ({ url }: PageState): "incidents" | "reports" =>
  url.countIncidents ? "incidents" : "reports";
