// The style of the map: its sources and layers.
import type { LayerSpecification, StyleSpecification } from "maplibre-gl";
import { CLASS_COLORS, NEIGHBOUR_COLOR, STATUS_COLORS } from "./colors";
import type { Layer } from "./url-state";

const FONT = ["Inter", "system-ui", "sans-serif"];

/** The lowest layer with data: the basemap goes below it. */
export const FIRST_DATA_LAYER = "hexes";

export const NO_FEATURES: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };

/** Names of the GeoJSON sources; they are filled once the API has answered. */
const SOURCES = ["areas", "outlines", "clusters", "hexes", "hotspots", "alerts", "hotspot-marks", "selected"] as const;
export type SourceName = (typeof SOURCES)[number];

export const mapStyle = (): StyleSpecification => ({
  version: 8,
  sources: Object.fromEntries(SOURCES.map((name) => [name, { type: "geojson", data: NO_FEATURES }])),
  layers: mapLayers(),
});

/** The MapLibre layers of each layer that the user can choose. */
export const LAYER_IDS: Record<Layer, string[]> = {
  reports: ["clusters", "reports", "counts"],
  hotspots: [
    "hotspots", "hotspot-outlines", "alert-outlines", "hotspot-marks", "hotspot-ranks", "hotspot-names",
  ],
  hexes: ["hexes", "hex-outlines", "hex-counts"],
};

/** All layers of the map, the lowest first. */
function mapLayers(): LayerSpecification[] {
  const status = ["match", ["get", "status"],
    "open", STATUS_COLORS.open, "in_progress", STATUS_COLORS.in_progress, STATUS_COLORS.closed];
  // The radius in pixels grows with the logarithm of the count; clusters are 64 pixels apart.
  const radius = ["interpolate", ["linear"], ["ln", ["get", "count"]], 0.69, 13, 4.6, 18, 9.2, 26, 12, 30];
  const fill = ["interpolate", ["linear"], ["ln", ["get", "count"]],
    0.69, "#3f8fb0", 3, "#24789c", 6, "#0f5f82", 9, "#0b4866"];
  return [
    { id: "background", type: "background", paint: { "background-color": "#eef1f0" } },
    ...areaLayers(),
    {
      id: "outlines", type: "line", source: "outlines",
      paint: {
        "line-color": ["case", ["boolean", ["get", "selected"], false], "#111827", "#6b7780"],
        "line-width": ["case", ["boolean", ["get", "selected"], false], 2.6, 1],
        "line-opacity": 0.8,
      },
    },
    {
      id: "areas", type: "symbol", source: "areas", minzoom: 9.5, maxzoom: 15,
      layout: {
        "text-field": ["get", "name"], "text-font": FONT, "text-size": 12.5, "text-max-width": 8,
        "text-variable-anchor": ["center", "top", "bottom"], "text-radial-offset": 1.3,
        "symbol-sort-key": ["-", 0, ["get", "count"]], "text-padding": 6,
      },
      paint: { "text-color": "#55616b", "text-halo-color": "#eef1f0", "text-halo-width": 1.6 },
    },
    ...markLayers(),
    {
      id: "clusters", type: "circle", source: "clusters", filter: ["get", "cluster"],
      // Clusters of other cities are drawn below.
      layout: { "circle-sort-key": ["-", ["get", "count"], ["case", ["has", "city"], 1e9, 0]] },
      paint: {
        "circle-radius": radius, "circle-opacity": 0.93,
        "circle-color": ["case", ["has", "city"], NEIGHBOUR_COLOR, fill],
        "circle-stroke-color": "#ffffff", "circle-stroke-width": 2,
      },
    },
    {
      id: "reports", type: "circle", source: "clusters", filter: ["!", ["get", "cluster"]],
      paint: {
        "circle-radius": ["interpolate", ["linear"], ["zoom"], 8, 4, 13, 6, 17, 9],
        "circle-color": status, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.6,
        "circle-opacity": ["case", ["has", "city"], 0.6, 1],
      },
    },
    {
      id: "counts", type: "symbol", source: "clusters", filter: ["get", "cluster"],
      layout: {
        "text-field": ["get", "label"], "text-font": FONT, "text-size": 12.5,
        // Always drawn; the padding keeps area names away from the circle.
        "text-allow-overlap": true, "text-padding": 8, "symbol-sort-key": ["get", "count"],
      },
      paint: { "text-color": "#ffffff", "text-halo-color": "#0b4866", "text-halo-width": 0.6 },
    },
    {
      id: "selected", type: "circle", source: "selected",
      paint: {
        "circle-radius": 14, "circle-color": "rgba(0,0,0,0)",
        "circle-stroke-color": "#111827", "circle-stroke-width": 3,
      },
    },
  ] as LayerSpecification[];
}

/** Polygons of hexagons, hotspots and alerts; the 99 % classes have a wider, darker outline too. */
function areaLayers(): LayerSpecification[] {
  const color = ["match", ["get", "class"],
    ...Object.entries(CLASS_COLORS).filter(([name]) => name !== "none").flat(), "#93a1ab"];
  const outlineWidth = ["match", ["get", "class"], ["hot99", "cold99"], 1.8, 0.6];
  const outline = ["match", ["get", "class"], "hot99", "#67001f", "cold99", "#053061", "#7b8790"];
  const hidden = { visibility: "none" };
  return [
    {
      id: "hexes", type: "fill", source: "hexes", layout: hidden,
      paint: {
        "fill-color": color,
        "fill-opacity": ["match", ["coalesce", ["get", "class"], "none"], "none", 0.1, 0.78],
      },
    },
    {
      id: "hex-outlines", type: "line", source: "hexes", layout: hidden,
      paint: { "line-color": outline, "line-width": outlineWidth, "line-opacity": 0.8 },
    },
    {
      id: "hotspots", type: "fill", source: "hotspots", layout: hidden,
      paint: { "fill-color": color, "fill-opacity": 0.55 },
    },
    {
      id: "hotspot-outlines", type: "line", source: "hotspots", layout: hidden,
      paint: { "line-color": "#67001f", "line-width": 2 },
    },
    {
      id: "alert-outlines", type: "line", source: "alerts", layout: hidden,
      paint: { "line-color": "#6b21a8", "line-width": 3, "line-dasharray": [2, 1.4] },
    },
  ] as LayerSpecification[];
}

/** Marks and texts on the polygons: counts, ranks, names. */
function markLayers(): LayerSpecification[] {
  const hidden = { visibility: "none" };
  return [
    {
      id: "hex-counts", type: "symbol", source: "hexes",
      filter: ["!=", ["coalesce", ["get", "class"], "none"], "none"],
      layout: {
        ...hidden, "text-field": ["to-string", ["get", "count"]], "text-font": FONT, "text-size": 12,
        "symbol-sort-key": ["-", 0, ["abs", ["coalesce", ["get", "z"], 0]]],
      },
      paint: { "text-color": "#14212b", "text-halo-color": "#ffffff", "text-halo-width": 1.8 },
    },
    {
      id: "hotspot-marks", type: "circle", source: "hotspot-marks",
      layout: { ...hidden, "circle-sort-key": ["-", 0, ["coalesce", ["get", "rank"], 0]] },
      paint: {
        // Hotspots after the ninth have smaller marks at low zooms.
        "circle-radius": ["interpolate", ["linear"], ["zoom"],
          10, ["case", [">", ["coalesce", ["get", "rank"], 0], 9], 9, 13], 13, 13],
        "circle-stroke-width": 2,
        "circle-color": ["case", ["has", "rank"], "#b2182b", "#ffffff"],
        "circle-stroke-color": ["case", ["has", "rank"], "#ffffff", "#6b21a8"],
      },
    },
    {
      id: "hotspot-ranks", type: "symbol", source: "hotspot-marks",
      layout: {
        ...hidden, "text-field": ["case", ["has", "rank"], ["to-string", ["get", "rank"]], "!"], "text-font": FONT,
        "text-size": ["interpolate", ["linear"], ["zoom"],
          10, ["case", [">", ["coalesce", ["get", "rank"], 0], 9], 10, 13.5], 13, 13.5],
        "text-allow-overlap": true, "text-ignore-placement": true,
      },
      paint: { "text-color": ["case", ["has", "rank"], "#ffffff", "#6b21a8"] },
    },
    {
      id: "hotspot-names", type: "symbol", source: "hotspot-marks",
      layout: {
        ...hidden, "text-font": FONT, "text-size": 12.5,
        "text-field": ["step", ["zoom"],
          ["case", ["<=", ["coalesce", ["get", "rank"], 0], 9], ["coalesce", ["get", "service_name"], ""], ""],
          12.5, ["coalesce", ["get", "service_name"], ""]],
        "text-max-width": 10, "text-variable-anchor": ["top", "bottom", "left", "right"],
        "text-radial-offset": 1.3, "symbol-sort-key": ["coalesce", ["get", "rank"], 0],
      },
      paint: { "text-color": "#3f0010", "text-halo-color": "#ffffff", "text-halo-width": 2 },
    },
  ] as LayerSpecification[];
}
